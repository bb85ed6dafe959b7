/** A controller in a process of its own, which can be killed and stopped. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Target } from "../guard/target.ts";

/** What the controller does, and with what. Times are in milliseconds. */
export interface ControllerOptions {
  /** See controller.ts. */
  readonly mode: string;
  readonly lease?: number;
  readonly cap?: number;
  /** Where its journal is. Default the target's folder. */
  readonly state?: string;
  /** Shell text that comes before it, as `ulimit -f 32`, or that starts `"$0" "$@"` itself; `$STATE` is its folder. */
  readonly limit?: string;
}

/** How long it is waited for what a controller says before that counts as never, in milliseconds. */
const PATIENCE = 120_000;

const SCRIPT = fileURLToPath(new URL("controller.ts", import.meta.url));

/** A controller that runs. */
export class Controller implements AsyncDisposable {
  readonly ended: Promise<unknown>;
  readonly #child: ChildProcess;
  #output = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = once(child, "exit");
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
    child.stdin?.on("error", () => undefined); // it may be dead
  }

  /** Starts it and waits until it works. */
  static async start(
    target: Target,
    { mode, lease, cap, limit, state = target.state }: ControllerOptions,
  ): Promise<Controller> {
    const { name, port, cookie } = target.process;
    const args = ["--no-warnings", "--import", "tsx", SCRIPT, name, String(port), state, mode];
    const env = {
      ...process.env,
      CONTROLLER_COOKIE: cookie,
      STATE: state,
      ...(lease === undefined ? {} : { CONTROLLER_LEASE: String(lease) }),
      ...(cap === undefined ? {} : { CONTROLLER_CAP: String(cap) }),
    };
    const controller = new Controller(
      limit === undefined
        ? spawn(process.execPath, args, { env })
        : spawn("bash", ["-c", shell(limit), process.execPath, ...args], { env }),
    );
    await controller.saidOne("running", "failed: ");
    return controller;
  }

  get output(): string {
    return this.#output;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** Gives it a line. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Waits until it has written this; what it wrote on the rest of that line. */
  async said(text: string): Promise<string> {
    const [, rest] = await this.saidOne(text);
    return rest;
  }

  /** Waits until it has written one of these; which, and what it wrote on the rest of that line. */
  async saidOne(...texts: readonly string[]): Promise<readonly [text: string, rest: string]> {
    const never = performance.now() + PATIENCE;
    for (;;) {
      for (const text of texts) {
        const at = this.#output.indexOf(text);
        const end = this.#output.indexOf("\n", at);
        if (at >= 0 && end >= 0) return [text, this.#output.slice(at + text.length, end)];
      }
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`it ended before "${texts.join('" or "')}": ${this.#output}`);
      if (performance.now() > never)
        throw new Error(`it never said "${texts.join('" or "')}": ${this.#output.slice(-1_000)}`);
      await pause(5);
    }
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    if (signal === "SIGKILL") await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      await this.kill("SIGKILL");
  }
}

function shell(limit: string): string {
  return limit.includes("exec") ? `exec ${limit} "$0" "$@"` : `${limit}; exec "$0" "$@"`;
}
