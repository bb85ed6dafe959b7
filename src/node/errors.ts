/** The errors of connecting to a node and of speaking with its processes. */

import { BeamError } from "../errors.ts";
import type { Pid, Term } from "../term/index.ts";

/** EPMD, which knows the ports of a host's nodes, cannot be reached or does not answer. */
export class EpmdUnreachableError extends BeamError {
  readonly code = "BEAM_CONNECT";

  constructor(address: string, cause: unknown) {
    const why = cause instanceof Error ? `: ${cause.message}` : "";
    super(`cannot ask EPMD at ${address}${why}`, {
      remedy:
        "Check that a node runs on that host, the EPMD port (ERL_EPMD_PORT, default 4369) and the firewall; or give the node's own address as host:port.",
      retryable: true,
      cause,
    });
  }
}

/** EPMD answered, and knows no node of this name. */
export class NodeNotRegisteredError extends BeamError {
  readonly code = "BEAM_CONNECT";
  /** The names that it does know. */
  readonly registered: readonly string[];

  constructor(name: string, address: string, registered: readonly string[]) {
    const known = registered.length === 0 ? "no node at all" : registered.join(", ");
    super(`EPMD at ${address} knows no node ${name}; it knows ${known}`, {
      remedy: "Check the part before the @, and that the node runs and is distributed.",
      retryable: true,
    });
    this.registered = registered;
  }
}

/** EPMD refused to register a name: it is taken, or not valid. */
export class NameTakenError extends BeamError {
  readonly code = "BEAM_CONNECT";

  constructor(name: string, address: string) {
    super(`EPMD at ${address} refuses the name ${name}: it is taken or not valid`, {
      remedy: "Choose another name.",
    });
  }
}

/** The process that was spoken to does not exist, or ended before it answered. */
export class NoProcessError extends BeamError {
  readonly code = "BEAM_NOPROC";
  readonly process: Pid | string;
  readonly #reason: Term;

  constructor(process: Pid | string, reason: Term, node: string, ended: boolean) {
    super(`the process ${process} of ${node} ${ended ? "ended before it answered" : "is gone"}`, {
      node,
      remedy: "Look the process up again.",
    });
    this.process = process;
    this.#reason = reason;
  }

  /** Its exit reason as a term, `noproc` when it was gone before. May hold the state of a process. */
  get reason(): Term {
    return this.#reason;
  }
}

/** The node refused to start a process for us. */
export class SpawnRefusedError extends BeamError {
  readonly code = "BEAM_REMOTE";
  readonly reason: string;

  constructor(node: string, reason: string) {
    super(`${node} refused to start a process: ${reason}`, {
      node,
      remedy:
        reason === "system_limit"
          ? "The node has as many processes as it may; see its process_limit."
          : "The node does not take spawn requests; use calls by way of rex.",
    });
    this.reason = reason;
  }
}

/** The mailbox was closed here. */
export class MailboxClosedError extends BeamError {
  readonly code = "BEAM_USAGE";

  constructor(pid: Pid) {
    super(`the mailbox ${pid} is closed`);
  }
}

/** We are not connected to the node of a process. */
export class NoSuchLinkError extends BeamError {
  readonly code = "BEAM_NODE_DOWN";

  constructor(node: string) {
    super(`not connected to ${node}`, {
      node,
      remedy: `Connect to ${node} first.`,
      retryable: true,
    });
  }
}
