/** Events that come from a node while a test runs: waited for one by one, also out of order, or read as an async iterable. */

import { AbortedError, BeamError, LimitError, TimeoutError, UsageError } from "../../errors.ts";
import type { WaitOptions } from "../../node/index.ts";
import { wildcard } from "./wildcard.ts";

/** Which event is meant: a text that its label must have, in which `*` stands for any text, or a test. */
export type EventPattern<Event> = string | ((event: Event) => boolean);

/** How many events wait unread. */
export interface EventStreamOptions {
  /** Most that wait; one more ends the stream with a LimitError. Default 10000. */
  readonly limit?: number | undefined;
}

/** Something came where nothing was expected. */
export class UnexpectedEventError extends BeamError {
  readonly code = "BEAM_REMOTE";
  /** What came. */
  declare readonly event: unknown;

  constructor(what: string, label: string, event: unknown, node: string) {
    super(`${what} was not expected: ${label}`, {
      node,
      remedy: "If it belongs to an earlier step of the test, take it with next() or drain() first.",
    });
    Object.defineProperty(this, "event", { value: event }); // not in the printed error: it may hold anything
  }
}

const DEFAULT_TIMEOUT = 5_000;
const TOLD = 5;

/**
 * A queue of events. Made by the helpers, each of which says what its events and their labels are.
 * @example
 * import { telemetry } from "beamctl/testing";
 *
 * const orders = await telemetry(shop, [["shop", "order", "created"], ["shop", "order", "paid"]]);
 * await orders.next("shop.order.paid", { timeout: 1_000 }); // whichever came before it stays
 * const rest = await orders.drain();
 */
export abstract class EventStream<Event> implements AsyncIterable<Event>, AsyncDisposable {
  readonly #node: string;
  readonly #what: string;
  readonly #limit: number;
  readonly #label: (event: Event) => string;
  #events: Event[] = [];
  readonly #waiting = new Set<Waiting<Event>>();
  #ended: BeamError | "closed" | undefined;

  /** @internal */
  protected constructor(
    node: string,
    what: string,
    label: (event: Event) => string,
    options: EventStreamOptions,
  ) {
    this.#node = node;
    this.#what = what;
    this.#label = label;
    this.#limit = options.limit ?? 10_000;
  }

  /** How many events wait unread. */
  get size(): number {
    return this.#events.length;
  }

  /**
   * The first event that fits, of those that wait and then of those that come; the others stay for later calls. Default timeout 5000 ms;
   * `0` waits without end.
   * @throws TimeoutError which tells what came instead
   * @throws AbortedError NodeDownError
   * @throws UsageError when it was closed
   * @throws LimitError when more came than it holds
   */
  next(pattern?: EventPattern<Event>, options: WaitOptions = {}): Promise<Event> {
    const { timeout = DEFAULT_TIMEOUT, signal } = options;
    const fits = this.#test(pattern);
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(new AbortedError(this.#what, { cause: signal.reason }));
        return;
      }
      const at = this.#events.findIndex(fits);
      if (at >= 0) {
        resolve(this.#events.splice(at, 1)[0] as Event);
        return;
      }
      if (this.#ended !== undefined) {
        reject(this.#over());
        return;
      }
      const done = (settle: () => void): void => {
        this.#waiting.delete(waiting);
        clearTimeout(timer);
        signal?.removeEventListener("abort", aborted);
        settle();
      };
      const aborted = (): void =>
        done(() => reject(new AbortedError(this.#what, { cause: signal?.reason })));
      const waiting: Waiting<Event> = {
        fits,
        give: (event) => done(() => resolve(event)),
        fail: (error) =>
          done(() => reject(error instanceof Error ? error : new UsageError(String(error)))),
      };
      const expired = (): void => done(() => reject(this.#late(pattern, timeout)));
      const timer =
        timeout === 0 || timeout === Infinity ? undefined : setTimeout(expired, timeout);
      signal?.addEventListener("abort", aborted);
      this.#waiting.add(waiting);
    });
  }

  /**
   * All events that the node has sent up to now, or those of them that fit; the others stay. One question to the node.
   * @throws TimeoutError NodeDownError
   */
  async drain(pattern?: EventPattern<Event>): Promise<Event[]> {
    const fits = this.#test(pattern);
    if (this.#ended === undefined) await this.settle();
    const taken = this.#events.filter(fits);
    this.#events = this.#events.filter((event) => !fits(event));
    return taken;
  }

  /**
   * Resolves when no event that fits waits, none came within so many milliseconds (default 0), and none was on its way then: what was done
   * before, and answered, has sent nothing. One question to the node.
   * @throws UnexpectedEventError when there is one; it stays in the stream
   * @throws TimeoutError NodeDownError
   */
  async expectNone(milliseconds = 0, pattern?: EventPattern<Event>): Promise<void> {
    const fits = this.#test(pattern);
    if (milliseconds > 0 && !this.#events.some(fits)) {
      const event = await this.next(fits, { timeout: milliseconds }).catch((error: unknown) => {
        if (error instanceof TimeoutError) return undefined;
        throw error;
      });
      if (event !== undefined) this.#events.push(event);
    }
    if (this.#ended === undefined && !this.#events.some(fits)) await this.settle();
    const event = this.#events.find(fits);
    if (event === undefined) return;
    throw new UnexpectedEventError(this.#what, this.#label(event), event, this.#node);
  }

  /** All events until it is closed; throws as {@link next} does. Leaving the loop does not close it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Event, void, void> {
    for (;;) {
      if (this.#events.length === 0 && this.#ended === "closed") return;
      try {
        yield await this.next(undefined, { timeout: 0 });
      } catch (error) {
        if (this.#ended === "closed" && error instanceof UsageError) return;
        throw error;
      }
    }
  }

  /** Ends the stream; what waits can still be read. */
  abstract [Symbol.asyncDispose](): Promise<void>;

  /** @internal Resolves when all that the node has sent up to now is here. */
  protected abstract settle(): Promise<void>;

  /** @internal An event came. */
  protected push(event: Event): void {
    if (this.#ended !== undefined) return;
    for (const waiting of this.#waiting) {
      try {
        if (!waiting.fits(event)) continue;
      } catch (error) {
        waiting.fail(error); // a test's own function: its error belongs to who waits
        continue;
      }
      waiting.give(event);
      return;
    }
    if (this.#events.length < this.#limit) this.#events.push(event);
    else
      this.end(
        new LimitError(`more than ${this.#limit} events wait unread: ${this.#what}`, {
          node: this.#node,
          remedy: "Read them while they come, ask for fewer, or give a higher limit.",
        }),
      );
  }

  /** @internal No event comes any more; those that wait can still be read. */
  protected end(reason: BeamError | "closed"): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    for (const waiting of this.#waiting) waiting.fail(this.#over());
  }

  #test(pattern: EventPattern<Event> | undefined): (event: Event) => boolean {
    if (pattern === undefined) return () => true;
    if (typeof pattern === "function") return pattern;
    const fits = wildcard(pattern);
    return (event) => fits(this.#label(event));
  }

  #over(): BeamError {
    if (this.#ended instanceof BeamError) return this.#ended;
    return new UsageError(`no more comes: ${this.#what} was closed`, { node: this.#node });
  }

  #late(pattern: EventPattern<Event> | undefined, timeout: number): TimeoutError {
    const wanted = typeof pattern === "string" ? ` that fits ${pattern}` : "";
    const others = this.#events.slice(0, TOLD).map((event) => this.#label(event));
    const more = this.#events.length > TOLD ? ", ..." : "";
    const instead = others.length === 0 ? "none came" : `there are ${others.join(", ")}${more}`;
    return new TimeoutError(`${this.#what}${wanted}`, timeout, {
      node: this.#node,
      remedy: `Give it more time, or look at the pattern: of others, ${instead}.`,
    });
  }
}

interface Waiting<Event> {
  readonly fits: (event: Event) => boolean;
  give(event: Event): void;
  fail(error: unknown): void;
}
