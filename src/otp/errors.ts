/** What can go wrong when an OTP module on a node is spoken to. */

import { BeamError } from "../errors.ts";

/** An observer was asked for something beyond the allow-list: nothing was sent. */
export class DeniedError extends BeamError {
  readonly code = "BEAM_DENIED";

  constructor(node: string, what: string) {
    super(`${what} is not on the list of observing calls`, {
      node,
      remedy: "Use a connection that may change the node, or a function of the allow-list.",
    });
  }
}

/** A function answered in a shape that no known OTP version answers in. */
export class UnexpectedAnswerError extends BeamError {
  readonly code = "BEAM_PROTOCOL";

  constructor(node: string, what: string) {
    super(`${what} answered in an unknown shape`, {
      node,
      remedy: "Is this OTP version supported (23 to 29)? If so, please report it.",
    });
  }
}

/** One of our scripts failed on the node. Only the head of the reason leaves the node, as reasons may hold state. */
export class ScriptError extends BeamError {
  readonly code = "BEAM_REMOTE";
  /** `error`, `exit` or `throw`. */
  readonly kind: string;
  /** The reason when it is an atom, else the first element of the tuple, else `other`. */
  readonly reason: string;

  constructor(node: string, script: string, kind: string, reason: string) {
    super(`the script ${script} failed: ${kind} ${reason}`, {
      node,
      remedy: "Nothing was changed by it; try again, and report it if it persists.",
    });
    this.kind = kind;
    this.reason = reason;
  }
}

/** The node could not read the source that it was given. */
export class SourceError extends BeamError {
  readonly code = "BEAM_SYNTAX";

  constructor(node: string, what: string, message: string) {
    super(`${what} cannot be read: ${message}`, {
      node,
      remedy: "Check the syntax, and whether it is Erlang or Elixir.",
    });
  }
}

/** A file on the node cannot be used. */
export class RemoteFileError extends BeamError {
  readonly code = "BEAM_REMOTE";
  readonly path: string;

  constructor(node: string, path: string, message: string) {
    super(`${path} on the node: ${message}`, { node, remedy: "Look at the file on its host." });
    this.path = path;
  }
}
