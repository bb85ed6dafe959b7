/** Runs the built command as a user does: a process of its own, with its own state directory. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../../lib/cli/main.js", import.meta.url));

/** What a finished command left. */
export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The node that the commands speak to. */
export interface CliTarget {
  readonly name: string;
  /** Its distribution port on this machine. */
  readonly port?: number;
  /** Its distribution port anywhere. Without either EPMD is asked. */
  readonly address?: string | undefined;
  readonly cookie: string;
}

/** A command line with a home of its own: cookie file, state directory. */
export class Cli implements AsyncDisposable {
  readonly home: string;
  readonly #flags: readonly string[];
  readonly #secret: string;

  private constructor(home: string, target: CliTarget) {
    this.home = home;
    this.#secret = target.cookie;
    const { port, address = port === undefined ? undefined : `127.0.0.1:${port}` } = target;
    this.#flags = ["--node", target.name, ...(address === undefined ? [] : ["--address", address])];
  }

  static async for(target: CliTarget): Promise<Cli> {
    const home = await mkdtemp(join(tmpdir(), "beamctl-cli-"));
    await writeFile(join(home, ".erlang.cookie"), target.cookie, { mode: 0o400 });
    return new Cli(home, target);
  }

  /** Starts a command without waiting for its end. */
  spawn(args: readonly string[], stdio: "pipe" | "ignore" = "pipe"): ChildProcess {
    return spawn(process.execPath, [MAIN, ...this.#flags, ...args], {
      stdio: ["pipe", stdio, stdio],
      env: {
        PATH: process.env["PATH"],
        HOME: this.home,
        XDG_STATE_HOME: join(this.home, "state"),
        NO_COLOR: "1",
      },
    });
  }

  /** Runs a command to its end; fails when the cookie is anywhere in what it printed. */
  async run(args: readonly string[], input = ""): Promise<Finished> {
    const child = this.spawn(args);
    child.stdin?.on("error", () => undefined); // it may end without reading
    child.stdin?.end(input);
    const [stdout, stderr, [code, signal]] = await Promise.all([
      text(child.stdout as NodeJS.ReadableStream),
      text(child.stderr as NodeJS.ReadableStream),
      once(child, "exit"),
    ]);
    if (`${stdout}${stderr}`.includes(this.#secret)) throw new Error("the cookie was printed");
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.home, { recursive: true, force: true });
  }
}
