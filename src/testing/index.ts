/** Helpers for tests against a live node, with any test runner. */

export { type KeeperScript, type KeepOptions, type Kept, keep } from "./keeper.ts";
export { type NodeFixture, nodeOf, owned, type Target } from "./target.ts";
