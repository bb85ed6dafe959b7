/** The node that edeliver's instructions print to: visible, beside the hidden one that does the work. */

import { LimitError } from "../errors.ts";
import {
  type BeamNode,
  EpmdUnreachableError,
  type LocalNode,
  NameTakenError,
  startNode,
} from "../node/index.ts";
import { Answer } from "../otp/index.ts";
import { atom } from "../term/index.ts";
import type { Globals } from "./globals.ts";
import { dialOptions, epmdAddress } from "./session.ts";
import type { Target } from "./target.ts";

/** The names are taken from a fixed pool, because the nodes of a cluster keep every name that they have ever seen. */
const POOL = 8;

interface Given {
  readonly globals: Globals;
  readonly target: Target;
  /** The link that does the work. */
  readonly node: BeamNode;
  readonly signal: AbortSignal;
}

/**
 * Starts it and connects it. It joins the cluster as a node of the target's host, as edeliver's own script did. Where this machine has no EPMD, or over
 * TLS, other nodes of the cluster cannot reach it: then they say so in their logs, and go on.
 */
export async function openEdeliverOutput(given: Given): Promise<LocalNode> {
  const { globals, target, node, signal } = given;
  const host = target.node.split("@")[1];
  const answer = new Answer(node, "erlang:nodes/1");
  const nodes = await node.call("erlang", "nodes", [atom("connected")], { signal });
  const connected = new Set(answer.list(nodes).map((one) => answer.atom(one)));
  for (let number = 1; number <= POOL; number++) {
    const name = `beamctl_upgrader_${number}@${host}`;
    if (connected.has(name)) continue;
    const local = await start(name, given);
    if (local === undefined) continue;
    try {
      await local.connect(target.node, dialOptions(globals, target, signal));
      return local;
    } catch (error) {
      await local.close();
      throw error;
    }
  }
  throw new LimitError(`${POOL} others show the output of edeliver on ${target.node}`);
}

/** Starts a node of this name; `undefined` when another on this machine has it. */
async function start(name: string, { globals, target }: Given): Promise<LocalNode | undefined> {
  const own = { cookie: target.cookie, visible: true };
  if (target.tls !== undefined) return startNode(name, { ...own, listen: false });
  const { host, port } = globals.epmd === undefined ? {} : epmdAddress(globals.epmd);
  // Names are registered with the EPMD of one's own machine alone.
  const here = host === undefined || /^(localhost|127\.|::1$)/.test(host);
  const epmd = here && port !== undefined ? { port } : {};
  try {
    return await startNode(name, { ...own, listen: { epmd, plain: globals.plain } });
  } catch (error) {
    if (error instanceof NameTakenError) return undefined;
    if (!(error instanceof EpmdUnreachableError)) throw error;
    return startNode(name, { ...own, listen: false });
  }
}
