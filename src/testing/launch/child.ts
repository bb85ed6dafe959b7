/** Starts one program so that it, and all it starts, dies with us, also when we are killed by SIGKILL. */

import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { StartError } from "../fixture/errors.ts";

/** How a program ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What to start. */
export interface ChildOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Its private folder: removed at its end. */
  readonly home: string;
  /** Where it runs. Default its private folder. */
  readonly cwd?: string | undefined;
}

// The shell becomes the program, so the pid is the program's own. Beside it, outside its children, waits a process of
// the same group for the end of file 3, which only we hold open: the kernel closes it however we end.
const WATCHDOG = `( ( read -r _ <&3; rm -rf "$0"; kill -KILL 0 ) >/dev/null 2>&1 </dev/null & )
exec 3<&-
exec "$@"`;

const KEPT_OUTPUT = 1 << 20;

const running = new Set<ChildProcess>();

// A worker whose test run was killed may live on, and would keep them alive. The listener keeps a worker alive as well, so it stands only while one runs.
function orphaned(): void {
  for (const child of running) child.stdio[3]?.destroy();
}

/** A running program. */
export class Child implements AsyncDisposable {
  readonly pid: number;
  /** Resolves when the program itself has ended; it never rejects. */
  readonly exited: Promise<Exit>;
  /** Resolves when also everything it started has let go of its output. */
  readonly closed: Promise<void>;
  #output = "";
  #ended: Exit | undefined;
  readonly #waiters = new Set<() => void>();
  readonly #process: ChildProcess;
  readonly #home: string;

  constructor(options: ChildOptions) {
    const child = spawn(
      "/bin/sh",
      ["-c", WATCHDOG, options.home, options.command, ...options.args],
      {
        stdio: ["ignore", "pipe", "pipe", "pipe"],
        detached: true, // its own process group, which the watchdog ends as a whole
        cwd: options.cwd ?? options.home,
        env: options.env,
      },
    );
    child.on("error", () => {}); // told below, and where it ends
    if (child.pid === undefined) {
      throw new StartError(`cannot start ${options.command}`, "", {
        remedy: "It needs a POSIX shell, and a working directory that exists.",
      });
    }
    this.pid = child.pid;
    this.#process = child;
    this.#home = options.home;
    const keep = (text: string): void => {
      this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
      this.#wake();
    };
    child.stdout?.setEncoding("utf8").on("data", keep);
    child.stderr?.setEncoding("utf8").on("data", keep);
    child.stdio[3]?.on("error", () => {});
    if (running.size === 0) process.once("disconnect", orphaned);
    running.add(child);
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        running.delete(child);
        if (running.size === 0) process.off("disconnect", orphaned);
        this.#ended = { code, signal };
        child.stdio[3]?.destroy(); // the watchdog sweeps up what is left of the group
        this.#wake();
        resolve(this.#ended);
      });
    });
    this.closed = new Promise((resolve) => child.once("close", () => resolve()));
  }

  /** What it has written to stdout and stderr so far; the last MiB of it. */
  output(): string {
    return this.#output;
  }

  /** How it ended, once it did. */
  get ended(): Exit | undefined {
    return this.#ended;
  }

  /**
   * Waits until `pattern` is in the output, for `timeout` milliseconds at most.
   * @throws StartError with the output when the program ends first or is silent; it has been ended then
   */
  async waitFor(pattern: RegExp, timeout: number = 60_000): Promise<RegExpExecArray> {
    const deadline = AbortSignal.timeout(timeout);
    for (;;) {
      const match = pattern.exec(this.#output);
      if (match !== null) return match;
      const why =
        this.#ended !== undefined
          ? `ended with ${describe(this.#ended)}`
          : deadline.aborted
            ? "was silent"
            : "";
      if (why !== "") {
        await this[Symbol.asyncDispose]();
        throw new StartError(`process ${this.pid} ${why} before ${pattern}`, this.#output);
      }
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#waiters.delete(done);
          deadline.removeEventListener("abort", done);
          resolve();
        };
        this.#waiters.add(done);
        deadline.addEventListener("abort", done);
      });
    }
  }

  /** Sends a signal to the program alone; STOP and CONT freeze and thaw it. */
  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    this.#process.kill(signal);
  }

  /** Asks it to end (SIGTERM; a node takes about a second), and ends it after 10 s. */
  async stop(): Promise<void> {
    this.kill("SIGTERM");
    const late = setTimeout(() => this.kill(), 10_000);
    await this.exited;
    clearTimeout(late);
    await this.#clean();
  }

  /** Ends it and its whole process group at once. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended === undefined) {
      try {
        process.kill(-this.pid, "SIGKILL");
      } catch {
        // It ended in this moment.
      }
    }
    await this.#clean();
  }

  async #clean(): Promise<void> {
    await this.exited;
    // What it has left behind in a group of its own may hold its output open.
    const late = setTimeout(() => {
      this.#process.stdout?.destroy();
      this.#process.stderr?.destroy();
    }, 2_000);
    await this.closed;
    clearTimeout(late);
    await rm(this.#home, { recursive: true, force: true });
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }
}

/** How it ended, in words. */
export function describe(exit: Exit): string {
  return exit.signal ?? `status ${exit.code}`;
}
