/** Helpers for tests against a live node, with any test runner. */

export { CleanUpError, FixtureError } from "./errors.ts";
export type { AllHooks, Hooks, PlainHooks } from "./hooks.ts";
export { type KeeperScript, type KeepOptions, type Kept, keep } from "./keeper.ts";
export type { GivenNode, NodeOptions, StartedNode } from "./node-options.ts";
export { OpenFixture, openFixture } from "./open-fixture.ts";
export { type NodeFixture, nodeOf, owned, type Target } from "./target.ts";
export { useNode } from "./use-node.ts";
