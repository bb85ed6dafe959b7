/** Helpers for tests against a live node, with any test runner. */

export { assertTerm } from "./assert-term.ts";
export { type ClusterWait, FaultCluster, type FaultDirection } from "./cluster/cluster.ts";
export { PredicateError, UnknownNodeError } from "./cluster/errors.ts";
export type { FaultEvent, FaultEventType } from "./cluster/history.ts";
export type { ClusterNode } from "./cluster/members.ts";
export type { DistMessage, MessagePredicate } from "./cluster/message.ts";
export type { MessageFault, MessageFaultOptions } from "./cluster/message-fault.ts";
export type { PartitionKind } from "./cluster/rules.ts";
export { type FaultClusterOptions, startFaultCluster } from "./cluster/start.ts";
export { CleanUpError, FixtureError } from "./errors.ts";
export { type EvaluateInTestOptions, evaluate } from "./evaluate.ts";
export {
  type EventPattern,
  EventStream,
  type EventStreamOptions,
  UnexpectedEventError,
} from "./event-stream.ts";
export type { AllHooks, Hooks, PlainHooks } from "./hooks.ts";
export { type KeeperScript, type KeepOptions, type Kept, keep } from "./keeper.ts";
export type { GivenNode, NodeOptions, StartedNode } from "./node-options.ts";
export { OpenFixture, openFixture } from "./open-fixture.ts";
export type { Mismatch } from "./pattern-match.ts";
export { pg } from "./pg.ts";
export type { PgMember } from "./pg-member.ts";
export { type PgEvent, type PgOptions, PgScope } from "./pg-scope.ts";
export { ProcessProbe, process } from "./process.ts";
export type { ProcessName } from "./process-name.ts";
export { type NodeFixture, nodeOf, owned, type Target } from "./target.ts";
export { type TermHole, type TermTag, term } from "./term.ts";
export { type TermMatchers, termMatchers } from "./term-matchers.ts";
export { type TermBindings, TermPattern } from "./term-pattern.ts";
export { type JsResult, toJs } from "./to-js.ts";
export { type JsValue, type ToTermOptions, toTerm } from "./to-term.ts";
export { useNode } from "./use-node.ts";
export { WaitError, type WaitForOptions } from "./wait.ts";
export { type AppEnv, type AppEnvOptions, withAppEnv } from "./with-app-env.ts";
export { type LogLevelOptions, withLogLevel } from "./with-log-level.ts";
export { type ProcessFlags, withProcessFlag } from "./with-process-flag.ts";
export { type SystemFlags, withSystemFlag } from "./with-system-flag.ts";
