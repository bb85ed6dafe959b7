/** Renewing the lease of a guardian, and knowing whether it still holds. */

import { performance } from "node:perf_hooks";

/** How the renewals went. Times are in milliseconds. */
export interface LeaseHealth {
  readonly renewals: number;
  /** The longest that this process was late to renew: what its event loop stood still. */
  readonly longestStall: number;
}

/**
 * Renews each `lease * 0.3`. A step is safe when the last renewal that was answered was sent less than half a lease ago;
 * a stalled event loop or a slow node makes it unsafe before the guardian gives up.
 */
export class LeaseKeeper {
  readonly #lease: number;
  readonly #renew: () => Promise<boolean>;
  readonly #timer: NodeJS.Timeout;
  #renewedAt = performance.now();
  #expectedAt: number;
  #renewals = 0;
  #longestStall = 0;
  #renewing: Promise<boolean> | undefined;

  /** @param renew asks the guardian once; resolves to whether it still holds, and reports a loss by itself */
  constructor(lease: number, renew: () => Promise<boolean>) {
    this.#lease = lease;
    this.#renew = renew;
    const interval = lease * 0.3;
    this.#expectedAt = performance.now() + interval;
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.#longestStall = Math.max(this.#longestStall, now - this.#expectedAt);
      this.#expectedAt = now + interval;
      void this.renew();
    }, interval);
  }

  get health(): LeaseHealth {
    return { renewals: this.#renewals, longestStall: Math.round(this.#longestStall) };
  }

  /** Whether the guardian is known to hold for at least half a lease from now on. */
  get fresh(): boolean {
    return performance.now() - this.#renewedAt < this.#lease / 2;
  }

  /** Renews now; renewals at the same time are one. */
  renew(): Promise<boolean> {
    this.#renewing ??= this.#once().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #once(): Promise<boolean> {
    const sent = performance.now();
    const held = await this.#renew();
    if (held) {
      // The lease counts from when the guardian got it, which is after this.
      this.#renewedAt = sent;
      this.#renewals += 1;
    }
    return held;
  }
}
