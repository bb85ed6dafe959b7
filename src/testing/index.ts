/** Helpers for tests against a live node, with any test runner. */

export { assertTerm } from "./assert-term.ts";
export { type EventuallyOptions, eventually } from "./eventually.ts";
export { type KeeperScript, type KeepOptions, type Kept, keep } from "./keeper.ts";
export type { Mismatch } from "./pattern-match.ts";
export { ProcessProbe, process } from "./process.ts";
export type { ProcessName } from "./process-name.ts";
export { type SettledOptions, settled } from "./settled.ts";
export { type NodeFixture, nodeOf, owned, type Target } from "./target.ts";
export { type TermHole, type TermTag, term } from "./term.ts";
export { type TermMatchers, termMatchers } from "./term-matchers.ts";
export { type TermBindings, TermPattern } from "./term-pattern.ts";
export { WaitError, type WaitForOptions } from "./wait.ts";
