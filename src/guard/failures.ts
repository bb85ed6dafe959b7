/** What a step could not do, and why. */

import { equals, type Pid, type Term, type Tuple } from "../term/index.ts";
import { failuresOf } from "./arming.ts";
import type { Acceptor } from "./journal/records.ts";

/** A process that was not suspended or frozen, or did not take its resume. */
export interface SuspendFailure {
  readonly pid: Pid;
  /**
   * `timeout` (it was sent a resume behind the suspend, or its freeze was called back), `noproc`, `denied` (a supervisor, or of the system), `dynamic` (the release
   * handler must be able to ask it), `not_otp` (it takes no system messages: it can only be frozen), `already_suspended` by somebody else (left as it is),
   * `already_held` by us in either way, `refused`, `not_suspended` (it said yes and ran on).
   */
  readonly reason: string;
}

/** A child that was not held, or could not be started again. */
export interface HoldFailure extends Acceptor {
  /** `denied`, `noproc`, `restarting`, `temporary` (it would not come back), `already_held`, `failed`. */
  readonly reason: string;
}

export function failures(term: Term | undefined): SuspendFailure[] {
  return failuresOf(term, (what) => what as Pid).map(({ what, reason }) => ({ pid: what, reason }));
}

export function whatPid({ pid, reason }: SuspendFailure): { what: Pid; reason: string } {
  return { what: pid, reason };
}

export function acceptorOf(term: Term): Acceptor {
  const [supervisor, id] = (term as Tuple).items;
  return { supervisor: supervisor as Pid, id: id as Term };
}

/** Whether both are the same child of the same supervisor. */
export function sameAcceptor(a: Acceptor, b: Acceptor): boolean {
  return equals(a.supervisor, b.supervisor) && equals(a.id, b.id);
}

export function without(
  acceptors: readonly Acceptor[],
  failed: readonly { what: Acceptor }[],
): readonly Acceptor[] {
  return acceptors.filter((acceptor) => !failed.some(({ what }) => sameAcceptor(what, acceptor)));
}

/** Each once, in the order given. */
export function unique(acceptors: readonly Acceptor[]): readonly Acceptor[] {
  return acceptors.filter(
    (acceptor, at) => acceptors.findIndex((other) => sameAcceptor(other, acceptor)) === at,
  );
}

export function holdFailure({ what, reason }: { what: Acceptor; reason: string }): HoldFailure {
  return { ...what, reason };
}
