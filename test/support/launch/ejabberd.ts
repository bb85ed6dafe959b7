/** Starts ejabberd with websockets of its own making: a real system without Ranch or Cowboy. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "../../../src/testing/launch/child.ts";
import { makeCookie, makeHome, uniqueName } from "../../../src/testing/launch/home.ts";
import { freePort } from "../../../src/testing/launch/port.ts";
import { type EjabberdFiles, provisionEjabberd } from "../beam/provision.ts";

/** A running ejabberd for the host `localhost`; anybody may log in. */
export interface EjabberdProcess extends AsyncDisposable {
  readonly name: string;
  readonly cookie: string;
  /** The distribution port. */
  readonly port: number;
  /** XMPP over TCP. */
  readonly c2s: number;
  /** MQTT over TCP. */
  readonly mqtt: number;
  /**
   * Websockets: `ws://127.0.0.1:<http>/ws` with the subprotocol `xmpp`, `/mqtt` with `mqtt`. HTTP: `/bosh`, which answers late, and
   * 404 for the rest.
   */
  readonly http: number;
  /** The same, but no supervisor knows its connections. */
  readonly loose: number;
  output(): string;
}

/** Starts it and waits until it accepts: a second. */
export async function startEjabberd(): Promise<EjabberdProcess> {
  const files = await provisionEjabberd();
  const cookie = makeCookie();
  const name = uniqueName("ejabberd");
  const [port, c2s, mqtt, http, loose] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const home = await makeHome(cookie);
  await mkdir(join(home, "mnesia"));
  await writeFile(join(home, "ejabberd.yml"), settings({ c2s, mqtt, http, loose }));
  const child = new Child({
    command: files.otp.bin("erl"),
    args: commandLine(name, port, home),
    home,
    env: environment(files, home),
  });
  for (const one of [c2s, mqtt, http, loose]) {
    await child.waitFor(new RegExp(`Start accepting TCP connections at 127\\.0\\.0\\.1:${one} `));
  }
  return {
    name,
    cookie,
    port,
    c2s,
    mqtt,
    http,
    loose,
    output: () => child.output(),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

function commandLine(name: string, port: number, home: string): string[] {
  return [
    ...["-noinput", "-sname", name, "-start_epmd", "false", "-erl_epmd_port", String(port)],
    ...["-kernel", "inet_dist_listen_min", String(port), "inet_dist_listen_max", String(port)],
    ...["inet_dist_use_interface", "{127,0,0,1}"],
    ...["-mnesia", "dir", JSON.stringify(join(home, "mnesia"))],
    ...["-os_mon", "start_memsup", "false"], // a program in C, which the host's C library may be too old for
    ...["-s", "ejabberd"],
  ];
}

function environment({ otp, libraries }: EjabberdFiles, home: string): Record<string, string> {
  return {
    ...(process.env as Record<string, string>),
    ...otp.env,
    HOME: home, // holds the cookie
    ERL_LIBS: libraries,
    ERL_CRASH_DUMP_SECONDS: "0",
    EJABBERD_CONFIG_PATH: join(home, "ejabberd.yml"),
    EJABBERD_LOG_PATH: join(home, "ejabberd.log"),
  };
}

function settings(ports: { c2s: number; mqtt: number; http: number; loose: number }): string {
  const handlers = "{/ws: ejabberd_http_ws, /mqtt: mod_mqtt, /bosh: mod_bosh}";
  return `hosts: [localhost]
loglevel: info
auth_method: [anonymous]
anonymous_protocol: both
allow_multiple_connections: true
listen:
  - {port: ${ports.c2s}, ip: "127.0.0.1", module: ejabberd_c2s}
  - {port: ${ports.mqtt}, ip: "127.0.0.1", module: mod_mqtt}
  - port: ${ports.http}
    ip: "127.0.0.1"
    module: ejabberd_http
    request_handlers: ${handlers}
  - port: ${ports.loose}
    ip: "127.0.0.1"
    module: ejabberd_http
    supervisor: false
    request_handlers: ${handlers}
modules:
  mod_bosh: {}
  mod_mqtt: {}
  mod_ping: {}
`;
}
