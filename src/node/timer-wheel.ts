/** All deadlines of one link on one timer: adding and removing are O(1), and nothing runs while nothing waits. */

import { UsageError } from "../errors.ts";

/** What waits on a {@link TimerWheel}; it belongs to at most one wheel at a time. */
export interface Deadline {
  /** @internal Where it hangs; `undefined` while it does not. */
  hook?: Hook | undefined;
  /** Its time is up. */
  expired(): void;
}

interface Hook {
  readonly at: number;
  readonly bucket: Set<Deadline>;
}

const RESOLUTION = 8;
const BUCKETS = 512;

/** A hashed wheel with a resolution of 8 ms: a deadline is never early, and late by at most that and the event loop's own delay. */
export class TimerWheel {
  readonly #buckets: Set<Deadline>[] = Array.from({ length: BUCKETS }, () => new Set());
  #timer: NodeJS.Timeout | undefined;
  #armedFor = Number.POSITIVE_INFINITY;
  #cursor = 0;
  #size = 0;

  /** How many deadlines wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Calls `deadline.expired()` in `milliseconds`, soon when that is below 0; never for `0` or `Infinity`, which mean no deadline.
   * @throws UsageError when it is no number
   */
  add(deadline: Deadline, milliseconds: number): void {
    this.remove(deadline);
    if (typeof milliseconds !== "number" || Number.isNaN(milliseconds)) {
      throw new UsageError("a timeout is a number of milliseconds");
    }
    if (milliseconds === 0 || milliseconds === Number.POSITIVE_INFINITY) return;
    const now = performance.now();
    if (this.#size === 0) this.#cursor = tick(now);
    const at = tick(now + Math.max(0, milliseconds)) + 1; // the next one, so that it is never early
    const bucket = this.#bucket(at);
    bucket.add(deadline);
    deadline.hook = { at, bucket };
    this.#size += 1;
    if (at < this.#armedFor) this.#arm(at);
  }

  /** Forgets a deadline; harmless when it does not wait. */
  remove(deadline: Deadline): void {
    const hook = deadline.hook;
    if (hook === undefined) return;
    hook.bucket.delete(deadline);
    deadline.hook = undefined;
    this.#size -= 1;
    if (this.#size === 0) this.#disarm();
  }

  #bucket(at: number): Set<Deadline> {
    return this.#buckets[at % BUCKETS] as Set<Deadline>;
  }

  #run(): void {
    this.#disarm();
    const now = tick(performance.now());
    // After a long pause one full turn sees every bucket, however much time has passed.
    const from = Math.max(this.#cursor, now - BUCKETS + 1);
    try {
      for (let at = from; at <= now; at++) {
        this.#cursor = at;
        this.#expire(this.#bucket(at), now);
      }
      this.#cursor = now + 1;
    } finally {
      this.#armNext(); // whatever one of them threw, the others keep their deadlines
    }
  }

  #expire(bucket: Set<Deadline>, now: number): void {
    for (const deadline of bucket) {
      if ((deadline.hook as Hook).at > now) continue;
      this.remove(deadline);
      deadline.expired();
    }
  }

  #armNext(): void {
    if (this.#size === 0) return;
    let next = this.#cursor;
    while (next < this.#cursor + BUCKETS && this.#bucket(next).size === 0) next++;
    if (next < this.#armedFor) this.#arm(next);
  }

  #arm(at: number): void {
    this.#disarm();
    this.#armedFor = at;
    const left = Math.max(0, at * RESOLUTION - performance.now()); // Node 24 warns of times that are over
    this.#timer = setTimeout(() => this.#run(), left);
    this.#timer.unref(); // the socket keeps the process alive while somebody waits
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }
}

function tick(milliseconds: number): number {
  return Math.floor(milliseconds / RESOLUTION);
}

/** The deadlines of this process: one wheel for all links, since a wheel is far larger than a deadline. */
export const wheel: TimerWheel = new TimerWheel();
