/** What was asked for in one hold, until it is known to be given back. */

import type { Pid } from "../term/index.ts";
import { type Acceptor, pidKey } from "./journal/records.ts";

/** The books of a hold: the guardian has its own on the node. */
export class Books {
  readonly #pids = new Map<string, Pid>();
  readonly #frozen = new Map<string, Pid>();
  readonly #everHeld = new Map<string, Pid>();
  #acceptors: readonly Acceptor[] = [];

  willSuspend(pids: readonly Pid[]): void {
    for (const pid of pids) {
      this.#pids.set(pidKey(pid), pid);
      this.#everHeld.set(pidKey(pid), pid);
    }
  }

  willFreeze(pids: readonly Pid[]): void {
    for (const pid of pids) this.#frozen.set(pidKey(pid), pid);
  }

  /** Those of these pids that are suspended or frozen; without pids, all. */
  heldOf(pids: readonly Pid[] | undefined): Pid[] {
    const all = [...this.#pids.values(), ...this.#frozen.values()];
    if (pids === undefined) return all;
    const asked = new Set(pids.map(pidKey));
    return all.filter((pid) => asked.has(pidKey(pid)));
  }

  /** These are no longer held. */
  resumed(pids: readonly Pid[]): void {
    for (const pid of pids) {
      this.#pids.delete(pidKey(pid));
      this.#frozen.delete(pidKey(pid));
    }
  }

  willHold(acceptors: readonly Acceptor[]): void {
    this.#acceptors = [...this.#acceptors, ...acceptors];
  }

  released(left: readonly Acceptor[]): void {
    this.#acceptors = left;
  }

  get pids(): readonly Pid[] {
    return [...this.#pids.values()];
  }

  get frozen(): readonly Pid[] {
    return [...this.#frozen.values()];
  }

  /** All that were ever to be suspended, given back or not. */
  get everHeld(): readonly Pid[] {
    return [...this.#everHeld.values()];
  }

  get acceptors(): readonly Acceptor[] {
    return this.#acceptors;
  }
}
