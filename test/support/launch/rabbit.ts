/** Starts RabbitMQ with STOMP and MQTT over websockets: a real system with Ranch and Cowboy that nobody wrote for these tests. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "../../../src/testing/launch/child.ts";
import { makeCookie, makeHome, uniqueName } from "../../../src/testing/launch/home.ts";
import { freePort } from "../../../src/testing/launch/port.ts";
import { type Otp, provisionRabbit } from "../beam/provision.ts";
import type { RabbitSet } from "../beam/sets.ts";
import { type EpmdProcess, startEpmd } from "./epmd.ts";

/** A running RabbitMQ; its user is `guest` with password `guest`. */
export interface RabbitProcess extends AsyncDisposable {
  readonly name: string;
  readonly cookie: string;
  /** The distribution port. */
  readonly port: number;
  /** STOMP over websockets: `ws://127.0.0.1:<stomp>/ws`, subprotocol `v12.stomp`. */
  readonly stomp: number;
  /** MQTT over websockets: `ws://127.0.0.1:<mqtt>/ws`. */
  readonly mqtt: number;
  readonly epmd: EpmdProcess;
  output(): string;
}

/** Starts it on the given OTP (23 suits 3.8, 25 suits 3.10, 29 suits 4.3) and waits until all its listeners are up: 4 to 10 seconds. */
export async function startRabbit(options: {
  readonly otp: Otp;
  /** Default `rabbitmq310`. */
  readonly set?: RabbitSet;
}): Promise<RabbitProcess> {
  const { otp, set } = options;
  const files = await provisionRabbit(set);
  const epmd = await startEpmd(otp); // else its own would outlive it, open to the network
  const cookie = makeCookie();
  const name = uniqueName("rabbit");
  const [port, amqp, rawMqtt, rawStomp, mqtt, stomp] = await ports();
  const home = await makeHome(cookie);
  await mkdir(join(home, "mnesia"));
  await mkdir(join(home, "log"));
  await writeFile(join(home, "enabled_plugins"), "[rabbitmq_web_mqtt,rabbitmq_web_stomp].\n");
  const local = '{ip,"127.0.0.1"}';
  await writeFile(
    join(home, "advanced.config"),
    `[{kernel,[{inet_dist_use_interface,{127,0,0,1}}]},
 {rabbit,[{tcp_listeners,[{"127.0.0.1",${amqp}}]}]},
 {rabbitmq_mqtt,[{tcp_listeners,[{"127.0.0.1",${rawMqtt}}]}]},
 {rabbitmq_stomp,[{tcp_listeners,[{"127.0.0.1",${rawStomp}}]}]},
 {rabbitmq_web_mqtt,[{tcp_config,[${local},{port,${mqtt}}]}]},
 {rabbitmq_web_stomp,[{tcp_config,[${local},{port,${stomp}}]}]}].\n`,
  );
  const child = new Child({
    // Not the wrapper in /usr/sbin, which would change to a user and a folder that are not here.
    command: join(files.home, "sbin/rabbitmq-server"),
    args: [],
    home,
    env: {
      ...process.env,
      ...otp.env,
      HOME: home,
      ERL_EPMD_PORT: String(epmd.port),
      ERL_CRASH_DUMP_SECONDS: "0",
      RABBITMQ_NODENAME: name,
      RABBITMQ_DIST_PORT: String(port),
      RABBITMQ_CONF_ENV_FILE: "/dev/null",
      RABBITMQ_CONFIG_FILE: join(home, "none.conf"),
      RABBITMQ_ADVANCED_CONFIG_FILE: join(home, "advanced.config"),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(home, "enabled_plugins"),
      RABBITMQ_MNESIA_BASE: join(home, "mnesia"),
      RABBITMQ_LOG_BASE: join(home, "log"),
      RABBITMQ_LOGS: "-",
      RABBITMQ_PID_FILE: join(home, "pid"),
      RABBITMQ_GENERATED_CONFIG_DIR: join(home, "gen"),
      RABBITMQ_FEATURE_FLAGS_FILE: join(home, "feature_flags"),
    },
  });
  const dispose = async (): Promise<void> => {
    await child[Symbol.asyncDispose]();
    await epmd[Symbol.asyncDispose]();
  };
  try {
    await child.waitFor(/Server startup complete/);
  } catch (error) {
    await dispose();
    throw error;
  }
  const output = (): string => child.output();
  return { name, cookie, port, stomp, mqtt, epmd, output, [Symbol.asyncDispose]: dispose };
}

async function ports(): Promise<[number, number, number, number, number, number]> {
  return [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
}
