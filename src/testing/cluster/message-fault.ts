/** A fault of chosen messages: which, how many, and what came of it. */

import { UsageError } from "../../errors.ts";
import type { DistMessage, MessagePredicate } from "./message.ts";
import { Waiters } from "./waiters.ts";

/** How many of the messages that the predicate chooses. */
export interface MessageFaultOptions {
  /** The first so many. Default all. */
  readonly count?: number | undefined;
  /** This part of them, from 0 to 1, by chance (repeated by the cluster's `seed`). Default 1. */
  readonly share?: number | undefined;
}

/** Messages that are dropped or delayed, until {@link MessageFault.stop}, `heal()` or the end of the cluster. */
export class MessageFault {
  readonly #what: string;
  readonly #predicate: MessagePredicate;
  readonly #count: number;
  readonly #share: number;
  readonly #chance: () => number;
  readonly #failed: (error: unknown) => void;
  readonly #waiters = new Waiters();
  #happened = 0;
  #error: { readonly cause: unknown } | undefined;
  #told = false;
  #stopped = false;
  /** @internal Milliseconds; `undefined` drops. */
  readonly late: number | undefined;

  /** @internal Made by `dropMessages` and `delayMessages`. */
  constructor(
    what: string,
    late: number | undefined,
    predicate: MessagePredicate,
    { count = Number.POSITIVE_INFINITY, share = 1 }: MessageFaultOptions,
    chance: () => number,
    failed: (error: unknown) => void,
  ) {
    if (!(count > 0)) throw new UsageError(`${count} is no number of messages`);
    if (!(share >= 0 && share <= 1)) throw new UsageError(`${share} is no part from 0 to 1`);
    this.late = late;
    this.#what = what;
    this.#predicate = predicate;
    this.#count = count;
    this.#share = share;
    this.#chance = chance;
    this.#failed = failed;
  }

  /** How many messages it was done to. */
  get happened(): number {
    return this.#happened;
  }

  /** @internal What the predicate threw and nobody has been told. */
  get untold(): { readonly cause: unknown } | undefined {
    return this.#told ? undefined : this.#error;
  }

  /** Whether it goes on: not stopped, its count not reached, and its predicate has not thrown. */
  get active(): boolean {
    return !this.#stopped && this.#error === undefined && this.#happened < this.#count;
  }

  /**
   * Waits until it was done to so many messages, in all; by default for 5000 ms.
   * @throws what the predicate threw; TimeoutError; UsageError when it has ended and will not be done to more
   */
  async times(count = 1, { timeout = 5_000 }: { readonly timeout?: number } = {}): Promise<void> {
    const enough = (): boolean => !this.active || this.#happened >= count;
    const what = () => `${this.#what} (${this.#happened} of ${count})`;
    const remedy = "Look at the cluster's history: does the predicate choose the messages?";
    await this.#waiters.until(enough, { what, timeout, remedy });
    if (this.#error !== undefined) {
      this.#told = true;
      throw this.#error.cause;
    }
    if (this.#happened < count) throw new UsageError(`${what()} has ended`, { remedy });
  }

  /** Ends it: later messages pass. What it has delayed still comes late. */
  stop(): void {
    this.#stopped = true;
    this.#waiters.wake();
  }

  /** @internal Whether it is done to this message. A predicate that throws ends it. */
  takes(message: DistMessage): boolean {
    if (!this.active) return false;
    try {
      if (!this.#predicate(message) || this.#chance() >= this.#share) return false;
    } catch (cause) {
      this.#error = { cause };
      this.#failed(cause);
      this.#waiters.wake();
      return false;
    }
    this.#happened += 1;
    this.#waiters.wake();
    return true;
  }
}
