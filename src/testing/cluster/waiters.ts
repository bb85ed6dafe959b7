/** Waits for something that is told, not polled. */

import { TimeoutError } from "../../errors.ts";
import { after } from "../../transport/index.ts";

/** What is waited for, for the error when it does not come. */
export interface Wait {
  readonly what: () => string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly remedy: string;
}

/** Those who wait. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /** Has all look again. */
  wake(): void {
    for (const look of [...this.#waiting]) look();
  }

  /** Resolves when `done`, which is asked now and at each {@link wake}. @throws TimeoutError */
  until(done: () => boolean, { what, timeout, remedy }: Wait): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const look = (): void => {
        if (!done()) return;
        leave();
        resolve();
      };
      const timer = after(timeout, () => {
        leave();
        reject(new TimeoutError(what(), timeout, { remedy }));
      });
      this.#waiting.add(look);
    });
  }
}
