/** What a listener is, whichever library it comes from. */

import type { Pid, Term } from "../term/index.ts";

/**
 * `held`: every acceptor is terminated and the socket listens, so clients wait. `suspended`: the socket is closed, so clients are
 * refused. `partial`: some acceptors run. `hung`: a supervisor of it does not answer, so its acceptors are not known.
 */
export type ListenerStatus = "running" | "held" | "suspended" | "partial" | "hung";

/** One acceptor. */
export interface Acceptor {
  /** The child id by which its supervisor knows it, running or not. */
  readonly id: Term;
  /** `undefined` while it is terminated: then it is held. */
  readonly pid: Pid | undefined;
}

/** Who accepts connections, and whether it does now. */
export interface Listener {
  /** The name that the library knows it by; any term. */
  readonly ref: Term;
  /** The same as text. */
  readonly name: string;
  readonly kind: "ranch2";
  /** Its top supervisor. */
  readonly pid: Pid;
  readonly supervisors: {
    readonly listener: Pid;
    /** Those that hold the connections; Ranch 2 has several. */
    readonly connections: readonly Pid[];
    /** `undefined` while the listener is suspended, and when it is not known. */
    readonly acceptors: Pid | undefined;
  };
  /** `undefined` for a Unix socket, and while it is suspended. */
  readonly address: { readonly ip: string; readonly port: number } | undefined;
  readonly status: ListenerStatus;
  readonly acceptors: readonly Acceptor[];
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
