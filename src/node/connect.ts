/** Makes a connection for a visitor: a hidden node of its own, with one link. */

import type { Duplex } from "node:stream";
import type { SessionLimits } from "../dist/index.ts";
import type { TlsOptions } from "../transport/index.ts";
import type { Address } from "./address.ts";
import { Attempt } from "./attempt.ts";
import { BeamNode } from "./beam-node.ts";
import { traceConnect } from "./diagnostics.ts";
import type { EpmdOptions } from "./epmd-client.ts";

/** Bounds of one connection. */
export interface ConnectLimits extends SessionLimits {
  /** Most calls that wait for their answer at a time; more wait to be sent. Default 4096. */
  readonly maxPending: number;
}

/** Where a node is, and how to be let in. */
export interface DialOptions {
  /** The secret that the node was started with, or a function that fetches it. It appears in no error and in no log. */
  readonly cookie: string | (() => string | Promise<string>);
  /** Where the node listens: skips EPMD. The name given stays the one that must answer. */
  readonly address?: Address | string | undefined;
  /** Finds where a node of this name listens, in place of EPMD; asked at each attempt. */
  readonly resolve?: ((node: string) => Promise<Address | string>) | undefined;
  /** Another EPMD than that of the node's host on its usual port. */
  readonly epmd?: Pick<EpmdOptions, "host" | "port"> | undefined;
  /**
   * Opens the connection in place of TCP or TLS: an SSH channel, a Unix socket. It must be connected, end when the other side does, and
   * lead to the node. `address` or `resolve` is handed over if given, and EPMD is not asked.
   */
  readonly stream?: ((address: Address | undefined) => Duplex | Promise<Duplex>) | undefined;
  /** Milliseconds for all of it. Default 7000. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * Connects over TLS, as to a node with `-proto_dist inet_tls`, and verifies that its certificate is for the host of its name. A function
   * is asked at each attempt, so that renewed certificates are used. The cookie is needed all the same.
   */
  readonly tls?: TlsOptions | (() => TlsOptions | Promise<TlsOptions>) | undefined;
  /** Allows a link without TLS to leave this machine. Default `false`: what is sent there can be read and changed on the way. */
  readonly plain?: boolean | undefined;
  /** Sends and takes no distribution headers and no fragments, as nodes of old: to read along when debugging. Default `false`. */
  readonly passThrough?: boolean | undefined;
  readonly limits?: Partial<ConnectLimits> | undefined;
}

/** How to connect. */
export interface ConnectOptions extends DialOptions {
  /** `"dynamic"` (the default) has the node give us a name, so that it keeps no new atom; else `name` or `name@host`. */
  readonly localName?: string | undefined;
}

/**
 * Connects to a node as a hidden node, by erl_dist_protocol. Safe on a busy production node: it costs one process there, and
 * the node's users do not see us in `nodes()`.
 * @throws HostNotFoundError ConnectionRefusedError ConnectTimeoutError ConnectFailedError
 * @throws EpmdUnreachableError NodeNotRegisteredError
 * @throws TlsError PlainLinkError
 * @throws CookieRefusedError NotAllowedError MissingFlagsError WrongNodeNameError NameInUseError
 * @throws HandshakeTimeoutError HandshakeClosedError ProtocolError
 * @throws AbortedError UsageError
 * @example
 * import { connect, inspect } from "beamctl";
 *
 * await using shop = await connect("shop@localhost", { cookie: process.env.SHOP_COOKIE! });
 * console.log(inspect(await shop.call("Elixir.Shop.Stock", "all", [])));
 */
export async function connect(node: string, options: ConnectOptions): Promise<BeamNode> {
  return traceConnect(node, async () => {
    const attempt = new Attempt(node, options);
    const { localName = "dynamic", signal } = options;
    const connected = new BeamNode(await attempt.run({ localName }));
    await connected.prepare({ timeout: attempt.left, signal });
    return connected;
  });
}
