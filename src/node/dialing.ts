/** One attempt to connect that several wait for, each as long as he likes. */

import { AbortedError, TimeoutError } from "../errors.ts";
import { after } from "../transport/index.ts";
import type { BeamNode } from "./beam-node.ts";

/** Is given up when nobody waits any more. */
export class Dialing {
  readonly #name: string;
  readonly #aborter = new AbortController();
  readonly #node: Promise<BeamNode>;
  #waiting = 0;
  #over = false;
  #yielded = false;

  /** @param attempt begins at once */
  constructor(name: string, attempt: (dialing: Dialing) => Promise<BeamNode>) {
    this.#name = name;
    this.#node = attempt(this).finally(() => {
      this.#over = true;
    });
    this.#node.catch(() => {}); // whoever waits hears of it
  }

  /** Aborts when it is given up. */
  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** Whether it was given up for the other side's call. */
  get yielded(): boolean {
    return this.#yielded;
  }

  /** Resolves when it is over, however. */
  get settled(): Promise<unknown> {
    return this.#node.catch(() => {});
  }

  /** Gives the call up, since the other side's own call goes on. */
  yield(): void {
    this.#yielded = true;
    this.#aborter.abort();
  }

  /** Gives it up for all. */
  abort(): void {
    this.#aborter.abort();
  }

  /** Waits for it. `timeout` in milliseconds. @throws TimeoutError AbortedError, and what the attempt throws */
  async wait(timeout: number, signal: AbortSignal | undefined): Promise<BeamNode> {
    this.#waiting += 1;
    let late: NodeJS.Timeout | undefined;
    let aborted: (() => void) | undefined;
    const label = `connecting to ${this.#name}`;
    const over = new Promise<never>((_, reject) => {
      late = after(timeout, () => reject(new TimeoutError(label, timeout)));
      aborted = () => reject(new AbortedError(label, { cause: signal?.reason }));
      signal?.addEventListener("abort", aborted);
      if (signal?.aborted === true) aborted();
    });
    try {
      return await Promise.race([this.#node, over]);
    } finally {
      clearTimeout(late);
      if (aborted !== undefined) signal?.removeEventListener("abort", aborted);
      this.#waiting -= 1;
      if (this.#waiting === 0 && !this.#over) this.#aborter.abort();
    }
  }
}
