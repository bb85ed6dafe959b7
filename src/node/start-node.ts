/** Starts a node of ours. */

import { LocalNode } from "./local-node.ts";
import type { LocalNodeOptions } from "./local-node-options.ts";

/**
 * Starts a node of this name (`name@host`) in this process, as many as wanted. Real nodes and others of ours connect to it and are
 * connected to. Nobody without the cookie gets past the handshake.
 * @throws ListenError when the address is taken
 * @throws PlainLinkError when it would be reached from elsewhere without TLS
 * @throws NameTakenError EpmdUnreachableError when EPMD does not take the name
 * @throws UsageError
 * @example
 * import { atom, startNode } from "beamctl";
 *
 * await using us = await startNode("ops@localhost", { cookie: process.env.SHOP_COOKIE! });
 * const shop = await us.connect("shop@localhost");
 * const stock = await shop.genCall("stock_server", atom("all"));
 */
export async function startNode(name: string, options: LocalNodeOptions): Promise<LocalNode> {
  return LocalNode.open(name, options);
}
