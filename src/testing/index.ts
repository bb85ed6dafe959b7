/** Helpers for tests against a live node, with any test runner. */

export { assertTerm } from "./assert-term.ts";
export { CrashOutcome, type DeadProcess, type SupervisorDecision } from "./crash-outcome.ts";
export { type EventuallyOptions, eventually } from "./eventually.ts";
export { type KeeperScript, type KeepOptions, type Kept, keep } from "./keeper.ts";
export type { Mismatch } from "./pattern-match.ts";
export type { CrashOptions, CrashWay } from "./probe-crash.ts";
export type { NextState, ReplaceStateOptions } from "./probe-replace.ts";
export type { Restarted } from "./probe-restart.ts";
export { ProcessProbe, process } from "./process.ts";
export type { ProcessBrief, ProcessName } from "./process-name.ts";
export { type SettledOptions, settled } from "./settled.ts";
export { type NodeFixture, nodeOf, owned, type Target } from "./target.ts";
export { type TermHole, type TermTag, term } from "./term.ts";
export { type TermMatchers, termMatchers } from "./term-matchers.ts";
export { type TermBindings, TermPattern } from "./term-pattern.ts";
export { WaitError, type WaitForOptions } from "./wait.ts";
