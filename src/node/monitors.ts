/** Watching processes of the node: a monitor resolves once, with the exit reason. */

import { AbortedError, type BeamError } from "../errors.ts";
import type { Pid, Term } from "../term/index.ts";
import type { Link } from "./link.ts";
import { type Encoded, LocalProcess } from "./processes.ts";

/** A monitor of one process. */
export interface Monitor {
  /**
   * Resolves with the exit reason, `:noproc` when there is no such process. Rejects with NodeDownError when the link is
   * lost, and with AbortedError after {@link cancel}; it need not be listened to.
   */
  readonly down: Promise<Term>;
  /** Stops watching. */
  cancel(): void;
}

/** A promise of an exit reason that nobody has to listen to. */
export class ExitReason {
  readonly promise: Promise<Term>;
  #resolve!: (reason: Term) => void;
  #reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.promise.catch(() => {}); // else a lost link would end a program that only watches
  }

  settle(reason: Encoded): void {
    try {
      this.#resolve(reason.decode());
    } catch (error) {
      this.#reject(error as Error);
    }
  }

  fail(error: BeamError): void {
    this.#reject(error);
  }
}

/** Watches a process by pid or by its registered name. Safe on a busy node. */
export function monitor(link: Link, target: Pid | string): Monitor {
  const watch = new Watch(link, target);
  watch.begin();
  return { down: watch.reason.promise, cancel: () => watch.cancel() };
}

class Watch extends LocalProcess {
  readonly reason: ExitReason = new ExitReason();
  readonly #link: Link;
  readonly #target: Pid | string;

  constructor(link: Link, target: Pid | string) {
    super();
    this.#link = link;
    this.#target = target;
  }

  begin(): void {
    this.#link.enter(this);
    try {
      this.#link.monitor(this, this.#target);
    } catch (error) {
      this.#link.leave(this);
      throw error;
    }
  }

  override down(_position: number, reason: Encoded): void {
    this.#link.leave(this);
    this.reason.settle(reason);
  }

  override lost(error: BeamError): void {
    this.reason.fail(error);
  }

  cancel(): void {
    if (this.address === undefined) return; // it fired, was cancelled, or the link is gone
    this.#link.demonitor(this, this.#target);
    this.#link.leave(this);
    this.reason.fail(new AbortedError(`watching ${this.#target}`));
  }
}
