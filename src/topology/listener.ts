/** What a listener is, whichever library it comes from. */

import type { Pid, Term } from "../term/index.ts";

/**
 * `held`: every acceptor is frozen or terminated and the socket listens, so clients wait. `suspended`: the socket is closed, so clients are
 * refused. `partial`: some acceptors run. `hung`: a supervisor of it does not answer, so its acceptors are not known.
 */
export type ListenerStatus = "running" | "held" | "suspended" | "partial" | "hung";

/** A child by its place in the tree: who restarts it, and under which id. */
export interface Place {
  readonly supervisor: Pid;
  readonly id: Term;
}

/** One acceptor. */
export interface Acceptor extends Place {
  /** `undefined` while it is terminated: then it is held. */
  readonly pid: Pid | undefined;
  /** Whether it is frozen by `erlang:suspend_process`: then it is held too. */
  readonly frozen: boolean;
}

/** Whether it accepts connections now. */
export function isRunning({ pid, frozen }: Acceptor): boolean {
  return pid !== undefined && !frozen;
}

/** Those that accept connections now. */
export function runningPids(acceptors: readonly Acceptor[]): Pid[] {
  return acceptors.flatMap((one) => (isRunning(one) && one.pid !== undefined ? [one.pid] : []));
}

/** What these acceptors mean; `open`: whether there is a socket that listens. */
export function statusOf(
  unanswered: readonly Pid[],
  open: boolean,
  acceptors: readonly Acceptor[],
): ListenerStatus {
  if (unanswered.length > 0) return "hung";
  if (!open) return "suspended";
  const running = acceptors.filter(isRunning).length;
  if (running === acceptors.length) return "running";
  return running === 0 ? "held" : "partial";
}

/** Who accepts connections, and whether it does now. */
export interface Listener {
  /** The name that the library knows it by; any term. */
  readonly ref: Term;
  /** The same as text. */
  readonly name: string;
  readonly kind: "ranch1" | "ranch2" | "thousand_island" | "ejabberd";
  /** Its top supervisor. */
  readonly pid: Pid;
  readonly supervisors: {
    readonly listener: Pid;
    /** Those that hold the connections; Ranch 1 has one, the others several. */
    readonly connections: readonly Pid[];
    /** `undefined` while the listener is suspended, and when it is not known. */
    readonly acceptors: Pid | undefined;
  };
  /** `undefined` for a Unix socket, and while it is suspended. */
  readonly address: { readonly ip: string; readonly port: number } | undefined;
  readonly status: ListenerStatus;
  readonly acceptors: readonly Acceptor[];
  /**
   * Only what runs now; empty where this library has no such way. `hold`: the acceptors that are frozen so that new clients wait. To terminate them would
   * reset the connections that they have accepted and not yet handed over. `refuse`: what is terminated, in this order, so that new clients are
   * refused; restarted in the reverse order.
   */
  readonly stops: { readonly hold: readonly Pid[]; readonly refuse: readonly Place[] };
  /** The application whose tree it is part of, if any. */
  readonly application: string | undefined;
  /** Whether it hangs under its application's own tree and not under the library's. */
  readonly embedded: boolean;
  /** The module that each connection runs, as `cowboy_clear`. */
  readonly protocol: string | undefined;
  /** Supervisors of it that did not answer in time. */
  readonly unanswered: readonly Pid[];
  /** How all this is known. */
  readonly evidence: string;
}
