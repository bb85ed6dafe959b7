/** What a test has started, to be disposed of at its end. */

import { CleanUpError } from "./errors.ts";

/** Disposes of the last first, of every one even when another fails. */
export class Belongings {
  #things: AsyncDisposable[] = [];

  add(thing: AsyncDisposable): void {
    this.#things.push(thing);
  }

  /**
   * Waits for each before the next. What is added meanwhile is disposed of too.
   * @throws CleanUpError with all that failed
   */
  async clear(node?: string): Promise<void> {
    const causes: unknown[] = [];
    for (let thing = this.#things.pop(); thing !== undefined; thing = this.#things.pop()) {
      try {
        await thing[Symbol.asyncDispose]();
      } catch (error) {
        causes.push(error);
      }
    }
    if (causes.length > 0) throw new CleanUpError(causes, { node });
  }
}
