/** How the use of a fault cluster fails. */

import { BeamError } from "../../errors.ts";

/** No node of this name has registered itself or called; `known` has the names of those that did. */
export class UnknownNodeError extends BeamError {
  readonly code = "BEAM_USAGE";
  readonly known: readonly string[];

  constructor(name: string, known: readonly string[]) {
    const list = known.length === 0 ? "none has registered itself" : `known: ${known.join(", ")}`;
    super(`no node of the cluster is called ${name} (${list})`, {
      node: name,
      remedy: "Start the node with cluster.env, and wait for it with cluster.registered().",
    });
    this.known = known;
  }
}

/** A predicate of `dropMessages` or `delayMessages` threw; `cause` is what. The links were not harmed. */
export class PredicateError extends BeamError {
  readonly code = "BEAM_USAGE";

  constructor(what: string, cause: unknown) {
    super(
      `the predicate of ${what} threw: ${String(cause instanceof Error ? cause.message : cause)}`,
      {
        remedy: "Mend the predicate; the messages that it was asked about have passed.",
        cause,
      },
    );
  }
}
