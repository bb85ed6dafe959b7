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
 * import { nodeOf, type Target } from "beamctl/testing";
 *
 * const versionOf = (target: Target) => nodeOf(target).call("Elixir.Shop", "version", []);
 */
export function nodeOf(target: Target): BeamNode {
  return target instanceof BeamNode ? target : target.node;
}

/**
 * Hands a thing to the target's fixture, if it is one, and returns it.
 * @example
 * import { owned } from "beamctl/testing";
 *
 * const inbox = owned(shop, shop.node.mailbox()); // closed after the test
 */
export function owned<Thing extends AsyncDisposable>(target: Target, thing: Thing): Thing {
  return target instanceof BeamNode ? thing : target.own(thing);
}
