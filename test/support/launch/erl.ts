/** Starts real Erlang nodes for tests. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Child } from "../../../src/testing/launch/child.ts";
import { makeCookie, makeHome, uniqueName } from "../../../src/testing/launch/home.ts";
import { freePort } from "../../../src/testing/launch/port.ts";
import type { Otp } from "../beam/provision.ts";

/** How to start a node; everything but `otp` has a default that is unique on this machine. */
export interface ErlOptions {
  readonly otp: Otp;
  /** A full node name; a host with a dot makes it a long name. Default `t_<pid>_<n>@localhost`. */
  readonly name?: string;
  readonly cookie?: string;
  /** The distribution port. Default a free one. */
  readonly port?: number;
  /** The EPMD to register with. Default none: the node is reached by its port alone. */
  readonly epmd?: { readonly port: number };
  /** Erlang expressions to evaluate before the node counts as started; they must return. */
  readonly eval?: string;
  /** Elixir code instead, evaluated with Elixir running. */
  readonly elixir?: string;
  /** More arguments of `erl`; with `elixir` none of them may hold a space. */
  readonly args?: readonly string[];
  /** The text of a `sys.config`, as `[{kernel, []}].`. */
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The address it listens on. Default 127.0.0.1. */
  readonly interface?: string;
}

/** A running node. `await using` ends it at once; `stop()` lets it shut down. */
export class BeamProcess implements AsyncDisposable {
  readonly name: string;
  readonly cookie: string;
  /** Its distribution port on the loopback. */
  readonly port: number;
  /** Its private folder: HOME and working directory. */
  readonly home: string;
  readonly #child: Child;

  constructor(child: Child, about: { name: string; cookie: string; port: number; home: string }) {
    this.#child = child;
    this.name = about.name;
    this.cookie = about.cookie;
    this.port = about.port;
    this.home = about.home;
  }

  /** The pid of the runtime itself. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves when the node is gone. */
  get exited(): Child["exited"] {
    return this.#child.exited;
  }

  /** What it has written so far. */
  output(): string {
    return this.#child.output();
  }

  /** Waits until `pattern` is in the output. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#child.waitFor(pattern);
  }

  /** Sends it a signal; default SIGKILL. */
  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.#child.kill(signal);
  }

  /** Shuts it down by `init:stop`, which takes about a second. */
  stop(): Promise<void> {
    return this.#child.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}

const UP = "beamctl test node is up";

/** Starts a node and waits until it is distributed and has evaluated what it was given. */
export async function startErl(options: ErlOptions): Promise<BeamProcess> {
  const name = options.name ?? uniqueName("t");
  const cookie = options.cookie ?? makeCookie();
  const port = options.port ?? (await freePort());
  const home = await makeHome(cookie);
  if (options.config !== undefined) await writeFile(join(home, "sys.config"), options.config);
  const flags = [
    "-noinput",
    name.split("@")[1]?.includes(".") ? "-name" : "-sname",
    name,
    ...["-start_epmd", "false"],
    ...(options.epmd === undefined ? ["-erl_epmd_port", String(port)] : []),
    ...["-kernel", "inet_dist_listen_min", String(port), "inet_dist_listen_max", String(port)],
    ...["inet_dist_use_interface", `{${(options.interface ?? "127.0.0.1").replaceAll(".", ",")}}`],
    ...(options.config === undefined ? [] : ["-config", join(home, "sys")]),
    ...(options.args ?? []),
  ];
  const child = new Child({
    home,
    env: {
      ...process.env,
      ...options.otp.env,
      HOME: home,
      ERL_CRASH_DUMP_SECONDS: "0", // no crash dump: it would hold the cookie
      ...(options.epmd === undefined ? {} : { ERL_EPMD_PORT: String(options.epmd.port) }),
      ...options.env,
    },
    ...command(options, flags),
  });
  await child.waitFor(new RegExp(UP));
  return new BeamProcess(child, { name, cookie, port, home });
}

function command(options: ErlOptions, flags: string[]): { command: string; args: string[] } {
  const { otp, elixir } = options;
  if (elixir !== undefined) {
    const args = ["--erl", flags.join(" "), "--no-halt", "-e", elixir, "-e", `IO.puts("${UP}")`];
    return { command: otp.bin("elixir"), args };
  }
  const own = options.eval === undefined ? [] : ["-eval", options.eval];
  return {
    command: otp.bin("erl"),
    args: [...flags, ...own, "-eval", `io:put_chars("${UP}\\n").`],
  };
}
