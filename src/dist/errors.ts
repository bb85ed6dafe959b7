/** How a link fails to come up, or breaks: one class per decision that the user can take. */

import { BeamError, type BeamErrorOptions } from "../errors.ts";

/** The node closed the link when it saw the answer to its challenge: the cookies differ. */
export class CookieRefusedError extends BeamError {
  readonly code = "BEAM_AUTH";

  constructor(node: string, options: BeamErrorOptions = {}, what = "refused the cookie") {
    super(`${node} ${what}`, {
      node,
      remedy: "Use the cookie that the node was started with; its log names this attempt.",
      ...options,
    });
  }
}

/** The node answered `not_allowed`: it lets only certain nodes in, or found a flag missing. */
export class NotAllowedError extends BeamError {
  readonly code = "BEAM_AUTH";

  constructor(node: string, what = "does not allow this connection") {
    super(`${node} ${what}`, {
      node,
      remedy: "Look at net_kernel:allow/1 and the log of the node, which names missing flags.",
    });
  }
}

/** The node lacks capabilities that this link needs; `flags` names them. */
export class MissingFlagsError extends BeamError {
  readonly code = "BEAM_CONNECT";
  readonly flags: readonly string[];

  constructor(node: string, flags: readonly string[]) {
    super(`${node} lacks the distribution flags ${flags.join(", ")}`, {
      node,
      remedy: "OTP 23 or newer is needed on the node.",
    });
    this.flags = flags;
  }
}

/** Another node than the one that was named answers at this address; `actual` is its name. */
export class WrongNodeNameError extends BeamError {
  readonly code = "BEAM_CONNECT";
  readonly actual: string;

  constructor(expected: string, actual: string) {
    super(`the node at this address is ${actual}, not ${expected}`, {
      node: expected,
      remedy: `Name it as ${actual}.`,
    });
    this.actual = actual;
  }
}

/** Another connection of our name is alive or being made. */
export class NameInUseError extends BeamError {
  readonly code = "BEAM_CONNECT";

  constructor(node: string, name: string, status: string) {
    super(`${node} already has a connection of the name ${name} (${status})`, {
      node,
      remedy: "Use a dynamic name (the default), or another local name.",
      retryable: true,
    });
  }
}

/** Something accepted the connection and then said nothing. */
export class HandshakeTimeoutError extends BeamError {
  readonly code = "BEAM_CONNECT";

  constructor(node: string, milliseconds: number) {
    super(`${node} accepted the connection but was silent for ${milliseconds} ms`, {
      node,
      remedy:
        "Is this its distribution port, and without TLS? A hung or suspended node is silent too.",
      retryable: true,
    });
  }
}

/** The other side closed the connection before the handshake was done. */
export class HandshakeClosedError extends BeamError {
  readonly code = "BEAM_CONNECT";

  constructor(node: string, step: string) {
    super(`${node} closed the connection while ${step}`, {
      node,
      retryable: true, // a node that is about to stop, or a proxy before one that is not up, does so too
      remedy:
        "Is this its distribution port, and without TLS? Short and long names do not mix: try the other form.",
    });
  }
}

/** The other side broke the protocol; the link is closed. */
export class ProtocolError extends BeamError {
  readonly code = "BEAM_PROTOCOL";

  constructor(what: string, options: BeamErrorOptions = {}) {
    super(`the other side broke the distribution protocol: ${what}`, {
      remedy: "Is it a BEAM node? If so, report this with the versions of both sides.",
      ...options,
    });
  }
}

/** A control message that a node would not accept; nothing was written and the link goes on. */
export class InvalidControlError extends BeamError {
  readonly code = "BEAM_ENCODE";
}

/** The link is down. */
export class NodeDownError extends BeamError {
  readonly code = "BEAM_NODE_DOWN";

  constructor(node: string, why: string, options: BeamErrorOptions = {}) {
    super(`the link to ${node} is down: ${why}`, {
      node,
      remedy: "Connect again; what was under way on the node may have happened or not.",
      retryable: true,
      ...options,
    });
  }
}
