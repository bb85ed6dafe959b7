/** Helpers for tests against a live node, with any test runner. */

export { assertTerm } from "./assert-term.ts";
export { type KeeperScript, type KeepOptions, type Kept, keep } from "./keeper.ts";
export type { Mismatch } from "./pattern-match.ts";
export { ProcessProbe, process } from "./process.ts";
export type { ProcessName } from "./process-name.ts";
export { type NodeFixture, nodeOf, owned, type Target } from "./target.ts";
export { type TermHole, type TermTag, term } from "./term.ts";
export { type TermMatchers, termMatchers } from "./term-matchers.ts";
export { type TermBindings, TermPattern } from "./term-pattern.ts";
export { WaitError, type WaitForOptions } from "./wait.ts";
export { CleanUpError, FixtureError } from "./errors.ts";
export { type EvaluateInTestOptions, evaluate } from "./evaluate.ts";
export type { AllHooks, Hooks, PlainHooks } from "./hooks.ts";
export type { GivenNode, NodeOptions, StartedNode } from "./node-options.ts";
export { OpenFixture, openFixture } from "./open-fixture.ts";
export { type JsResult, toJs } from "./to-js.ts";
export { type JsValue, type ToTermOptions, toTerm } from "./to-term.ts";
export { useNode } from "./use-node.ts";
export { type AppEnv, type AppEnvOptions, withAppEnv } from "./with-app-env.ts";
export { type LogLevelOptions, withLogLevel } from "./with-log-level.ts";
export { type ProcessFlags, withProcessFlag } from "./with-process-flag.ts";
export { type SystemFlags, withSystemFlag } from "./with-system-flag.ts";
