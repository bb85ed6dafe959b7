/** The errors of the operating system's sockets, each as the decision its reader can take. */

import { BeamError } from "../errors.ts";

/** The host name has no address. */
export class HostNotFoundError extends BeamError {
  readonly code = "BEAM_CONNECT";
  readonly host: string;

  constructor(host: string, cause?: unknown) {
    super(`the host ${host} has no address`, {
      remedy: "Check the part after the @ and the DNS, or give the address as host:port.",
      retryable: codeOf(cause) === "EAI_AGAIN",
      cause,
    });
    this.host = host;
  }
}

/** The host answered that nothing listens on the port. */
export class ConnectionRefusedError extends BeamError {
  readonly code = "BEAM_CONNECT";

  constructor(remote: string, cause?: unknown) {
    super(`nothing listens on ${remote}`, {
      remedy: "Check that the node runs, that this is its distribution port, and the firewall.",
      retryable: true,
      cause,
    });
  }
}

/** No connection was made in time: packets to the port are dropped on the way. */
export class ConnectTimeoutError extends BeamError {
  readonly code = "BEAM_CONNECT";

  constructor(remote: string, milliseconds: number) {
    super(`${remote} did not accept a connection within ${milliseconds} ms`, {
      remedy: "Check the address, and whether a firewall drops packets to this port.",
      retryable: true,
    });
  }
}

/** The connection could not be made for another reason, such as no route. */
export class ConnectFailedError extends BeamError {
  readonly code = "BEAM_CONNECT";

  constructor(remote: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : "unknown reason";
    super(`cannot connect to ${remote}: ${codeOf(cause) ?? why}`, {
      remedy: "Check the address, the route to the host and the limits of this process.",
      retryable: true,
      cause,
    });
  }
}

/** What would be sent is not encrypted, and would leave this machine; nothing was sent. */
export class PlainLinkError extends BeamError {
  readonly code = "BEAM_USAGE";

  constructor(remote: string) {
    super(`a link to ${remote} would cross the network unencrypted`, {
      remedy:
        "Use TLS or a tunnel (--address 127.0.0.1:PORT), or allow it with `plain: true` (--plain) in a network that you trust.",
    });
  }
}

/** An open connection broke. */
export class ConnectionLostError extends BeamError {
  readonly code = "BEAM_NODE_DOWN";

  constructor(remote: string, cause: unknown) {
    super(`the connection to ${remote} broke: ${codeOf(cause) ?? "unknown reason"}`, {
      remedy: "Check the network and whether the node still runs, then connect again.",
      retryable: true,
      cause,
    });
  }
}

/** A listening socket could not be opened. */
export class ListenError extends BeamError {
  readonly code = "BEAM_CONNECT";

  constructor(address: string, cause: unknown) {
    super(`cannot listen on ${address}: ${codeOf(cause) ?? "unknown reason"}`, {
      remedy: "Choose another address or port.",
      cause,
    });
  }
}

/** The error of a connection attempt as the decision it asks for. */
export function connectError(host: string, port: number, cause: unknown): BeamError {
  const code = codeOf(cause);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return new HostNotFoundError(host, cause);
  const remote = `${host}:${port}`;
  if (code === "ECONNREFUSED") return new ConnectionRefusedError(remote, cause);
  return new ConnectFailedError(remote, cause);
}

function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return undefined;
  return typeof cause.code === "string" ? cause.code : undefined;
}
