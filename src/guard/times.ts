/** When each thing was held, by the steps that took it and gave it back: on our own clock, a batch at a time. */

import type { Pid } from "../term/index.ts";
import { sameAcceptor } from "./failures.ts";
import { type Acceptor, pidKey } from "./journal/records.ts";

/**
 * How long one thing was held, in milliseconds of `performance.now()`: from before it was asked to stand still until it had answered its resume, so never
 * less than it stood. `to` is `undefined` while it is held, and when nobody can tell.
 */
export interface HeldTime<What> {
  readonly what: What;
  readonly from: number;
  readonly to: number | undefined;
}

/** All that one guardian held. */
export interface HoldTimes {
  /** When the first of what is held now was asked, in milliseconds of `performance.now()`; `undefined` when nothing is held. */
  readonly since: number | undefined;
  /** Whether something is being given back, or was last: what waits for it is worked off. */
  readonly giving: boolean;
  /** Processes that did not stand still when they were asked: refused, gone, or too late. */
  readonly refused: number;
  readonly processes: readonly HeldTime<Pid>[];
  readonly acceptors: readonly HeldTime<Acceptor>[];
}

type Open<What> = { what: What; from: number; to: number | undefined };

/** Notes them. What is taken again after it was given back is a time of its own. */
export class HoldClock implements HoldTimes {
  #processes: Open<Pid>[] = [];
  readonly #running = new Map<string, Open<Pid>>();
  #acceptors: Open<Acceptor>[] = [];
  #since: number | undefined;
  /** See {@link HoldTimes.giving}. */
  giving = false;
  /** See {@link HoldTimes.refused}. */
  refused = 0;

  get since(): number | undefined {
    return this.#since;
  }

  get processes(): readonly HeldTime<Pid>[] {
    return this.#processes;
  }

  get acceptors(): readonly HeldTime<Acceptor>[] {
    return this.#acceptors;
  }

  /** These are about to be asked. */
  take(pids: readonly Pid[]): void {
    const from = performance.now();
    this.giving = false;
    if (pids.length > 0) this.#since ??= from;
    for (const pid of pids) {
      const time: Open<Pid> = { what: pid, from, to: undefined };
      this.#processes.push(time);
      this.#running.set(pidKey(pid), time);
    }
  }

  /** These were asked and did not stand still. */
  refuse(pids: readonly Pid[]): void {
    const refused = new Set(pids.map((pid) => this.#running.get(pidKey(pid))));
    if (refused.size === 0) return;
    this.#processes = this.#processes.filter((time) => !refused.has(time));
    for (const pid of pids) this.#running.delete(pidKey(pid));
    this.#settle();
  }

  give(pids: readonly Pid[]): void {
    const to = performance.now();
    for (const pid of pids) {
      const time = this.#running.get(pidKey(pid));
      if (time !== undefined) time.to = to;
      this.#running.delete(pidKey(pid));
    }
    this.#settle();
  }

  hold(acceptors: readonly Acceptor[]): void {
    const from = performance.now();
    if (acceptors.length > 0) this.#since ??= from;
    for (const what of acceptors) this.#acceptors.push({ what, from, to: undefined });
  }

  /** These could not be held. */
  unheld(failed: readonly Acceptor[]): void {
    this.#acceptors = this.#acceptors.filter(({ what }) => !failed.includes(what));
    this.#settle();
  }

  release(left: readonly Acceptor[]): void {
    const to = performance.now();
    for (const time of this.#acceptors) {
      if (!left.some((one) => sameAcceptor(one, time.what))) time.to ??= to;
    }
    this.#settle();
  }

  /** Everything runs again. */
  end(): void {
    const to = performance.now();
    for (const time of [...this.#processes, ...this.#acceptors]) time.to ??= to;
    this.#running.clear();
    this.#settle();
  }

  /** When nothing is held any more, the next hold is a new one. */
  #settle(): void {
    const held = this.#running.size > 0 || this.#acceptors.some(({ to }) => to === undefined);
    if (!held) this.#since = undefined;
  }
}
