/** One direction of a link: bytes that are passed on, held back, late or slow, and never out of order. */

import type { Wire } from "../../transport/index.ts";

/** How slow a direction is. */
export interface Shape {
  /** Milliseconds that everything is late. */
  readonly delay?: number | undefined;
  /** Up to so many milliseconds more, by chance. */
  readonly jitter?: number | undefined;
  /** Bytes a second. */
  readonly rate?: number | undefined;
}

/** Bytes, or how the sender closed, and when they are to leave. */
interface Item {
  readonly bytes: Buffer | undefined;
  readonly close: "end" | "reset" | undefined;
  due: number;
}

/** Bytes that wait before we stop to read, as a network's buffers would be full. */
const FULL = 16 * 1024 * 1024;
/** A slow lane lets go in pieces of so many milliseconds. */
const PIECE = 50;

/** Passes on what one end says to the other end, which may come later by {@link Lane.attach}. */
export class Lane {
  readonly #from: Wire;
  readonly #chance: () => number;
  #to: Wire | undefined;
  #queue: Item[] = [];
  #queued = 0;
  #silent = false;
  #congested = false;
  #paused = false;
  #shape: Shape = {};
  /** When the last of what waits leaves, and when a slow lane is free for more. */
  #last = 0;
  #free = 0;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(from: Wire, chance: () => number) {
    this.#from = from;
    this.#chance = chance;
  }

  /** Whether nothing passes, and nobody is told. */
  get silent(): boolean {
    return this.#silent;
  }

  set silent(silent: boolean) {
    this.#silent = silent;
    this.#pump();
  }

  /** What was under way when it got faster leaves at once. */
  shape(shape: Shape): void {
    if (shape.delay === undefined && shape.rate === undefined) {
      for (const item of this.#queue) item.due = 0;
      this.#last = this.#free = 0;
    }
    this.#shape = shape;
    this.#pump();
  }

  attach(to: Wire): void {
    this.#to = to;
    this.#pump();
  }

  push(chunks: readonly Buffer[]): void {
    if (this.#over) return;
    const { delay, rate } = this.#shape;
    if (this.#ready() && this.#queue.length === 0 && delay === undefined && rate === undefined) {
      this.#congested = this.#to?.write(chunks) === false;
      this.#stopOrGo();
      return;
    }
    for (const bytes of chunks) {
      const piece = rate === undefined ? bytes.length : Math.max(1, (rate * PIECE) / 1000) | 0;
      for (let at = 0; at < bytes.length; at += piece) {
        this.#enqueue(bytes.subarray(at, at + piece), undefined);
      }
    }
    this.#pump();
  }

  /** The sender closed: so will we, behind what it has said. */
  close(how: "end" | "reset"): void {
    if (this.#over) return;
    this.#enqueue(undefined, how);
    this.#pump();
  }

  /** Ends it now: what waits and what comes is lost. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#queue = [];
    this.#queued = 0;
    this.#stopOrGo();
  }

  congested(congested: boolean): void {
    this.#congested = congested;
    this.#pump();
  }

  #ready(): boolean {
    return !this.#silent && !this.#congested && this.#to !== undefined;
  }

  #enqueue(bytes: Buffer | undefined, close: Item["close"]): void {
    const { delay = 0, jitter = 0, rate } = this.#shape;
    const now = performance.now();
    let sent = now;
    if (rate !== undefined) {
      this.#free = Math.max(now, this.#free) + ((bytes?.length ?? 0) / rate) * 1000;
      sent = this.#free;
    }
    const late = delay + (jitter === 0 ? 0 : jitter * this.#chance());
    this.#last = Math.max(this.#last, sent + late);
    this.#queue.push({ bytes, close, due: this.#last });
    this.#queued += bytes?.length ?? 0;
  }

  #pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = performance.now();
    let taken = 0;
    while (this.#ready() && taken < this.#queue.length) {
      const { bytes, close, due } = this.#queue[taken] as Item;
      if (due > now) {
        this.#timer = setTimeout(() => this.#pump(), due - now);
        break;
      }
      taken += 1;
      if (bytes !== undefined) {
        this.#queued -= bytes.length;
        this.#congested = this.#to?.write([bytes]) === false;
      }
      if (close === "end") this.#to?.end();
      if (close === "reset") this.#to?.reset();
    }
    if (taken > 0) this.#queue.splice(0, taken);
    this.#stopOrGo();
  }

  // While it is silent it is read all the same, or nobody would learn that the sender has given up.
  #stopOrGo(): void {
    const { rate } = this.#shape;
    const most = rate === undefined ? FULL : Math.min(FULL, rate);
    const busy = this.#congested && !this.#silent;
    const pause = !this.#over && (busy || this.#queued > most);
    if (pause === this.#paused) return;
    this.#paused = pause;
    if (pause) this.#from.pause();
    else this.#from.resume();
  }
}
