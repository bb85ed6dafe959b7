/** One question to the node with one answer: it waits for credit, has a deadline and a signal, and settles once. */

import { AbortedError, BeamError, TimeoutError } from "../errors.ts";
import type { Link } from "./link.ts";
import { LocalProcess } from "./processes.ts";
import { wheel } from "./timer-wheel.ts";

/** What every wait takes. */
export interface WaitOptions {
  /** Milliseconds; `0` or `Infinity` for no deadline, and a time that is over (below 0) for the next moment. Default 5000. */
  readonly timeout?: number | undefined;
  /** Ends the wait with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
}

/** How a link is closed. */
export interface CloseOptions {
  /** Milliseconds for what was sent to leave and the node to close its side. Default 1000. */
  readonly timeout?: number | undefined;
}

/** The default deadline, as in OTP. */
export const DEFAULT_TIMEOUT = 5_000;

/** The options for what is left of a wait that began at `since`. */
export function remaining<T extends WaitOptions>(options: T, since: number): T {
  const { timeout = DEFAULT_TIMEOUT } = options;
  if (timeout === 0 || timeout === Number.POSITIVE_INFINITY) return options;
  const left = Math.floor(timeout - (performance.now() - since));
  return { ...options, timeout: left === 0 ? -1 : left };
}

/** A request. What it sends and how it reads the answer is the subclass's; all that can end it is here. */
export abstract class Request<T> extends LocalProcess {
  protected readonly link: Link;
  readonly #timeout: number;
  readonly #signal: AbortSignal | undefined;
  #resolve!: (value: T) => void;
  #reject!: (error: Error) => void;
  #state: "new" | "waiting" | "sent" | "settled" = "new";
  #aborted: (() => void) | undefined;

  constructor(link: Link, options: WaitOptions) {
    super();
    this.link = link;
    this.#timeout = options.timeout ?? DEFAULT_TIMEOUT;
    this.#signal = options.signal;
  }

  /** Names the request in messages. */
  protected abstract describe(): string;

  /** Writes the request; what it throws rejects. */
  protected abstract transmit(): void;

  /** The deadline or the signal ends the wait for an answer to what was sent: the place to take it back. */
  protected abandon(error: BeamError): void {
    this.fail(error);
  }

  /** Begins, once. */
  start(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      const signal = this.#signal;
      const early = this.link.down ?? (signal?.aborted ? this.#abortedError() : undefined);
      if (early !== undefined) {
        this.#state = "settled";
        reject(early);
        return;
      }
      wheel.add(this, this.#timeout);
      if (signal !== undefined) {
        this.#aborted = () => this.#giveUp(this.#abortedError());
        signal.addEventListener("abort", this.#aborted);
      }
      this.#state = "waiting";
      this.link.credit.apply(this);
    });
  }

  /** @internal There is credit. */
  granted(): void {
    this.#state = "sent";
    try {
      this.link.enter(this);
      this.transmit();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  override expired(): void {
    this.#giveUp(new TimeoutError(this.describe(), this.#timeout, { node: this.link.peer.name }));
  }

  override lost(error: BeamError): void {
    this.fail(error);
  }

  /** Whether somebody still waits. */
  protected get waiting(): boolean {
    return this.#state !== "settled";
  }

  /** `keep` leaves the process in its slot for signals that follow. */
  protected succeed(value: T, keep = false): void {
    if (this.#settle(keep)) this.#resolve(value);
  }

  protected fail(error: Error, keep = false): void {
    if (this.#settle(keep)) this.#reject(error);
  }

  /** Frees the slot of a process that was kept. */
  protected leave(): void {
    this.link.leave(this);
  }

  // What cannot be taken back must not keep the one who waits.
  #giveUp(error: BeamError): void {
    try {
      if (this.#state === "sent") this.abandon(error);
    } catch (failure) {
      if (!(failure instanceof BeamError)) throw failure;
    } finally {
      this.fail(error);
    }
  }

  #settle(keep: boolean): boolean {
    if (this.#state === "settled") return false;
    const sent = this.#state === "sent";
    this.#state = "settled";
    wheel.remove(this);
    if (this.#aborted !== undefined) this.#signal?.removeEventListener("abort", this.#aborted);
    if (!keep) this.leave();
    if (sent) this.link.credit.release();
    else this.link.credit.withdraw(this);
    return true;
  }

  #abortedError(): AbortedError {
    return new AbortedError(this.describe(), {
      node: this.link.peer.name,
      cause: this.#signal?.reason,
    });
  }
}
