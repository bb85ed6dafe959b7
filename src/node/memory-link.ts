/** A connected node that is in this process itself: a real link with a real handshake, over no socket. */

import { randomBytes, randomInt } from "node:crypto";
import { OFFERED } from "../dist/index.ts";
import { memoryPair } from "../transport/index.ts";
import { parseNodeName } from "./address.ts";
import { BeamNode } from "./beam-node.ts";
import type { ServedFunction } from "./functions.ts";
import { greet } from "./greet.ts";
import { Home } from "./home.ts";
import { Server, type ServerHandlers } from "./server.ts";

/** Both ends. */
export interface MemoryLink {
  /** The node as its callers see it. */
  readonly node: BeamNode;
  /** Starts a server on it, under a registered name. @throws UsageError when the name is taken */
  serve(name: string, handlers: ServerHandlers): Server;
}

const TIMEOUT = 5_000;
const MAX_PENDING = 4_096;

/** Makes a node of this name, whose functions are all served by what `serves` gives for module and function. @throws UsageError when it is no node name */
export async function linkInMemory(
  name: string,
  serves: (module: string, fun: string) => ServedFunction,
): Promise<MemoryLink> {
  const { host } = parseNodeName(name);
  const [near, far] = memoryPair();
  const creation = randomInt(4, 2 ** 32);
  const home = new Home(name, creation, false);
  home.functions.otherwise = serves;
  const both = {
    cookie: randomBytes(16).toString("hex"),
    flags: OFFERED,
    limits: {},
  };
  const greeting = { timeout: TIMEOUT, maxPending: MAX_PENDING };
  const [link] = await Promise.all([
    greet(near, {
      ...greeting,
      session: {
        ...both,
        role: "initiator",
        name: `caller@${host}`,
        creation: randomInt(4, 2 ** 32),
        challenge: randomInt(2 ** 32),
        expectedName: name,
      },
    }),
    greet(far, {
      ...greeting,
      home,
      session: {
        ...both,
        role: "acceptor",
        name,
        creation,
        challenge: randomInt(2 ** 32),
        admit: () => "ok",
      },
    }),
  ]);
  const node = new BeamNode(link);
  await node.prepare({});
  return { node, serve: (server, handlers) => new Server(home, server, handlers, {}) };
}
