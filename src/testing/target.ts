/** What the helpers work on: a connected node, or a fixture around one that cleans up after each test. */

import { BeamNode } from "../node/index.ts";

/** A node and what was started on it for a test. `own` has a thing disposed of when the test is over, the last first. */
export interface NodeFixture {
  /** The connected node. */
  readonly node: BeamNode;
  /** Disposes of it when the test is over, and returns it. */
  own<Thing extends AsyncDisposable>(thing: Thing): Thing;
}

/** What every helper takes first. With a fixture, what the helper started ends with the test by itself. */
export type Target = BeamNode | NodeFixture;

/**
 * The node of a target.
 * @example
 * import { atom } from "beamctl/term";
 * import { nodeOf, type Target } from "beamctl/testing";
 *
 * const uptime = (target: Target) => nodeOf(target).call("erlang", "statistics", [atom("wall_clock")]);
 * await uptime(shop); // a helper of your own, which takes a fixture as well as a node
 */
export function nodeOf(target: Target): BeamNode {
  return target instanceof BeamNode ? target : target.node;
}

/**
 * Hands a thing to the target's fixture, if it is one, and returns it.
 * @example
 * import { keep, nodeOf, owned, type Target } from "beamctl/testing";
 *
 * const LOCK = { name: "lock", setUp: "register(shop_lock, self())", undo: "unregister(shop_lock)" };
 * const lock = async (target: Target) => owned(target, await keep(nodeOf(target), LOCK));
 * await lock(shop); // until the test is over
 */
export function owned<Thing extends AsyncDisposable>(target: Target, thing: Thing): Thing {
  return target instanceof BeamNode ? thing : target.own(thing);
}
