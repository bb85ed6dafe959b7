/** Phoenix.PubSub joined from outside, by the `pg` groups of its adapter. */

import { BeamError } from "../../errors.ts";
import { type BeamNode, RemoteError } from "../../node/index.ts";
import { Atom, atom, inspect, type Term, Tuple, textOf } from "../../term/index.ts";
import { TopologyError } from "../../topology/index.ts";
import { nodeOf, owned, type Target } from "../target.ts";
import { pg } from "./pg.ts";
import { PubSub, type PubSubOptions } from "./pubsub-bus.ts";

/** The PubSub has an adapter that sends by other ways than `pg`. */
export class PubSubAdapterError extends BeamError {
  readonly code = "BEAM_TOPOLOGY";
  /** The adapter's module, `Phoenix.PubSub.Redis`. */
  readonly adapter: string;

  constructor(node: string, pubsub: string, adapter: string) {
    super(`${pubsub} of ${node} has the adapter ${adapter}, whose messages do not come by pg`, {
      node,
      remedy: "Give it the adapter Phoenix.PubSub.PG2 in the configuration of the tests.",
    });
    this.adapter = adapter;
  }
}

const PG2 = "Elixir.Phoenix.PubSub.PG2";

/**
 * Joins a Phoenix.PubSub as a node of its cluster does: no code runs there, and no process is started there. Subscribes to topics, also with
 * wildcards, and broadcasts.
 *
 * What it sees: every `broadcast` and `broadcast_from` that is made **on this node**, by the application, by channels and by us. What it does
 * not see: `local_broadcast`, among it the diffs that Phoenix.Presence pushes to channels; `direct_broadcast`; and what is broadcast on other
 * nodes, since each sends to the members that it knows itself: open one on each. Phoenix.PubSub 2.0 and later with the adapter PG2, of any
 * `pool_size`.
 *
 * Safe on a busy node as far as the link is: each broadcast is sent over it, whatever is subscribed here, and a process that broadcasts more than
 * the link takes is held up, as by a slow node of the cluster.
 *
 * @param name the module, `Shop.PubSub`
 * @example
 * import { binary, TermMap } from "beamctl/term";
 * import { pubsub } from "beamctl/testing";
 *
 * await using bus = await pubsub(node, "Shop.PubSub");
 * const rooms = bus.subscribe("room:*");
 * await bus.broadcast("room:1", { event: "shout", payload: new TermMap([[binary("body"), binary("hi")]]) });
 * const { topic, event, payload } = await rooms.next();
 * @throws PubSubAdapterError for any other adapter
 * @throws TopologyError when there is no such PubSub, or Phoenix.PubSub is older than 2.0
 * @throws TimeoutError NodeDownError
 */
export async function pubsub(
  target: Target,
  name: string,
  options: PubSubOptions = {},
): Promise<PubSub> {
  const node = nodeOf(target);
  const module = atom(name.startsWith("Elixir.") ? name : `Elixir.${name}`);
  const adapter = await adapterOf(node, module, options.timeout ?? 5_000);
  const scope = await pg(node, "Elixir.Phoenix.PubSub", { timeout: options.timeout });
  try {
    return owned(target, await PubSub.open(node, module, adapter, scope, options));
  } catch (error) {
    await scope[Symbol.asyncDispose]();
    throw error;
  }
}

/** The name of its adapter's processes, which the first of its groups has too. */
async function adapterOf(node: BeamNode, name: Atom, timeout: number): Promise<string> {
  const key = [atom("phoenix_pubsub"), atom("vsn")];
  const found = await node.call("application", "get_key", key, { timeout });
  const version = found instanceof Tuple ? textOf(found.items[1] as Term) : undefined;
  if (version === undefined) throw missing(node, "Phoenix.PubSub is not loaded there");
  if (Number.parseInt(version, 10) < 2) {
    throw new TopologyError(
      `${node.name} has Phoenix.PubSub ${version}, which keeps its subscribers otherwise than 2.0 and later`,
      { node: node.name, remedy: "Upgrade phoenix_pubsub to 2.0 or later, with Phoenix 1.5." },
    );
  }
  const meta = await node
    .call("Elixir.Registry", "meta", [name, atom("pubsub")], { timeout })
    .catch((error: unknown) => {
      if (error instanceof RemoteError) throw missing(node, `there is no ${inspect(name)}`);
      throw error;
    });
  const [adapter, process] = about(meta);
  if (adapter === undefined || process === undefined) {
    throw missing(node, `${inspect(name)} is a Registry of another kind`);
  }
  if (adapter.name !== PG2)
    throw new PubSubAdapterError(node.name, inspect(name), inspect(adapter));
  return process.name;
}

/** `{ok, {Adapter, Name}}` */
function about(meta: Term): readonly Atom[] {
  const found = meta instanceof Tuple ? meta.items[1] : undefined;
  return found instanceof Tuple ? found.items.filter((item) => item instanceof Atom) : [];
}

function missing(node: BeamNode, what: string): TopologyError {
  return new TopologyError(`no Phoenix.PubSub to join on ${node.name}: ${what}`, {
    node: node.name,
    remedy:
      "Give the name in its child spec, {Phoenix.PubSub, name: Shop.PubSub}, and wait until it is started.",
  });
}
