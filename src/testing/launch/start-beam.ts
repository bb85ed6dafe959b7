/** Starts a node of the user's own for tests: `erl`, `elixir` or `mix`. */

import { rm } from "node:fs/promises";
import { isBeamError } from "../../errors.ts";
import { StartError } from "../fixture/errors.ts";
import type { StartedNode } from "../fixture/node-options.ts";
import { Child, type ChildOptions, describe, type Exit } from "./child.ts";
import { type Place, prepare } from "./place.ts";
import { type ReadyWhen, untilReady } from "./ready.ts";

/** How a node is started. What is not given is unique on this machine. */
export interface StartOptions {
  /** More environment variables; `undefined` takes one away. The node has ours otherwise, but for HOME. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Its full name. A host with a dot makes it a long name. Default `beam_<pid>_<n>@localhost`. */
  readonly node?: string | undefined;
  readonly cookie?: string | undefined;
  /** Its distribution port, on the loopback. Default a free one. */
  readonly port?: number | undefined;
  /** Where it runs. Default our own working directory. */
  readonly cwd?: string | undefined;
  /**
   * When it counts as started: an application that is up ({@link waitForApp}), a pattern in its output, or a function of the connected node that resolves. Default
   * as soon as it answers.
   */
  readonly readyWhen?: ReadyWhen | undefined;
  /** Milliseconds until it must be ready. Default 60000. */
  readonly timeout?: number | undefined;
}

/** As {@link StartOptions}, and what is started. */
export interface StartBeamOptions extends StartOptions {
  /** The program and its arguments, as `["erl", "-noinput"]` or `["mix", "run", "--no-halt"]`. It must not end by itself. */
  readonly command: readonly [string, ...string[]];
}

/**
 * A node that was started. `await using` ends it with all its processes at once; `stop` lets it shut down.
 * @example
 * import { type StartedBeam, startBeam } from "beamctl/testing";
 *
 * const beam: StartedBeam = await startBeam({ command: ["mix", "run", "--no-halt"], readyWhen: "shop" });
 * console.log(beam.name, beam.output());
 * await beam.stop();
 */
export class StartedBeam implements StartedNode, AsyncDisposable {
  readonly name: string;
  readonly cookie: string;
  readonly address: { readonly host: string; readonly port: number };
  /** The process id of the program that was started. */
  readonly pid: number;
  /** Resolves when it has ended. */
  readonly exited: Promise<Exit>;
  readonly #child: Child;

  /** @internal Use {@link startBeam}. */
  constructor(child: Child, { name, cookie, port }: Place) {
    this.name = name;
    this.cookie = cookie;
    this.address = { host: "127.0.0.1", port };
    this.pid = child.pid;
    this.exited = child.exited;
    this.#child = child;
    // It shows where it is printed otherwise.
    Object.defineProperty(this, "cookie", { enumerable: false });
  }

  /** What it has written to stdout and stderr; the last MiB of it. */
  output(): string {
    return this.#child.output();
  }

  /** Asks it to shut down (SIGTERM), and ends it after 10 s. */
  stop(): Promise<void> {
    return this.#child.stop();
  }

  /** Ends it with all its processes at once. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}

/**
 * Starts a node as a child process with a name, a port and a cookie of its own, and waits until it is ready. It listens on the loopback and needs no EPMD; with an
 * `ERL_EPMD_PORT` in `env`, as in that of a fault cluster, it registers with that one, and meets the others there by one `cookie`. Its cookie is
 * in a private folder that is its HOME, never in its arguments. It ends with its whole process group when it is disposed of, and when we end, however we do. The options of
 * the runtime travel in `ERL_AFLAGS`, which every `erl` below it inherits: have `mix` compile before. Linux and macOS; OTP 23 and later.
 * @throws StartError with what it wrote, when it ends or is not ready in time
 * @example
 * import { openFixture, startBeam } from "beamctl/testing";
 *
 * await using beam = await startBeam({ command: ["erl", "-noinput"] });
 * await using fixture = await openFixture(() => beam);
 */
export async function startBeam(options: StartBeamOptions): Promise<StartedBeam> {
  const place = await prepare(options, "beam");
  const [command, ...args] = options.command;
  const flag = place.name.split("@")[1]?.includes(".") === true ? "-name" : "-sname";
  const env = { ...place.env, ERL_AFLAGS: `${flag} ${place.name} ${place.env["ERL_AFLAGS"]}` };
  return launch(options, place, { command, args, env });
}

/** Starts it at its place and waits until it is ready. */
export async function launch(
  { cwd = process.cwd(), env, readyWhen, timeout = 60_000 }: StartOptions,
  place: Place,
  what: Pick<ChildOptions, "command" | "args" | "env">,
): Promise<StartedBeam> {
  const { home } = place;
  let child: Child;
  try {
    // These two carry its name, port and cookie; what was given is in the first of them.
    const { ERL_AFLAGS, HOME } = what.env ?? {};
    child = new Child({ ...what, env: { ...what.env, ...env, ERL_AFLAGS, HOME }, home, cwd });
  } catch (error) {
    await rm(home, { recursive: true });
    throw error;
  }
  try {
    await untilReady(child, place, readyWhen, timeout);
    return new StartedBeam(child, place);
  } catch (error) {
    const ended = child.ended === undefined ? "" : ` and has ended with ${describe(child.ended)}`;
    await child[Symbol.asyncDispose]();
    if (error instanceof StartError) throw error;
    const why = isBeamError(error) || error instanceof Error ? error.message : String(error);
    throw new StartError(`${place.name} is not ready${ended}: ${why}`, child.output(), {
      node: place.name,
      cause: error,
    });
  }
}
