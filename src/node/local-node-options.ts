/** How a node of ours is started, and how it calls others. */

import type { BeamError } from "../errors.ts";
import type { BeamNode } from "./beam-node.ts";
import type { ConnectLimits, DialOptions } from "./connect.ts";
import type { ListenOptions } from "./doorman.ts";
import type { RetryOptions } from "./keep-connected.ts";

/** How a node of ours is started. */
export interface LocalNodeOptions {
  /** The secret that we share with other nodes, or a function that has one for each node; `undefined` refuses that node. */
  readonly cookie: string | ((peer: string) => string | undefined);
  /** Where others can call us; `false` for nowhere. Default the loopback and this host's EPMD. */
  readonly listen?: ListenOptions | false | undefined;
  /** Called with each node that is connected, whoever called. */
  readonly connected?: ((node: BeamNode) => void) | undefined;
  /** Called when a link is over: with the reason, or `undefined` when it was closed here. */
  readonly disconnected?: ((node: BeamNode, reason: BeamError | undefined) => void) | undefined;
  /** Called when a caller was turned away, or broke off, with the reason. */
  readonly refused?: ((reason: BeamError) => void) | undefined;
  readonly limits?: Partial<ConnectLimits> | undefined;
  /**
   * Connects to the node of whom a message is for, as between BEAM nodes; what cannot be delivered in the end is dropped. At most 1000 messages wait
   * for one node. Default `false`: sending to a node that is not connected is an error.
   */
  readonly autoConnect?: boolean | LocalDialOptions | undefined;
  /**
   * Whether others have us in `nodes()`. Default `false`: a hidden node, which nothing in a cluster waits for. A visible one takes part in
   * `global`: it is asked for locks, and connects to every node that it is told of.
   */
  readonly visible?: boolean | undefined;
}

/** How a node is called: the cookie is ours. */
export type LocalDialOptions = Partial<Omit<DialOptions, "limits">>;

/** How a node is called again and again. */
export interface LocalKeepOptions extends LocalDialOptions {
  readonly retry?: RetryOptions | undefined;
}

/** How a node that the cluster told of is called, by way of the EPMD of its host; `undefined` where that is left to the others, as over TLS. */
export function meetingOptions({ listen = {} }: LocalNodeOptions): LocalDialOptions | undefined {
  if (listen === false || listen.tls !== undefined || listen.epmd === false) return undefined;
  const { port } = listen.epmd ?? {};
  return { plain: listen.plain, ...(port && { epmd: { port } }) };
}
