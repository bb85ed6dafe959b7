/** Lines for the node's own log, written one after the other so that their order stays. */

import type { LogLevel } from "../instructions/index.ts";
import { log, type Remote } from "../otp/index.ts";

/** The longest that one line may take, in milliseconds: a log that hangs must not hold an upgrade up. */
const PATIENCE = 2_000;

/** A queue of lines; a line that cannot be written is lost, and so are those after it. */
export class NodeLog {
  readonly #remote: Remote;
  #last: Promise<unknown> = Promise.resolve();
  #lost = false;

  constructor(remote: Remote) {
    this.#remote = remote;
  }

  /** Adds a line; it is written when its turn comes. */
  write(level: LogLevel, line: string): void {
    this.#last = this.#last.then(async () => {
      if (this.#lost) return;
      try {
        await log(this.#remote, level, line, { timeout: PATIENCE });
      } catch {
        this.#lost = true;
      }
    });
  }

  /** Until all is written. */
  async flush(): Promise<void> {
    await this.#last;
  }
}
