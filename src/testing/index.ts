/**
 * Helpers for tests against a live node, with any test runner. In the examples `shop` is a fixture as {@link useNode} gives it, `node` a connected node.
 * @module beamctl/testing
 */

export { assertTerm } from "./assert-term.ts";
export {
  CapturedLogs,
  type CaptureLogsOptions,
  captureLogs,
  type LogMatch,
  type LogWaitOptions,
} from "./capture-logs.ts";
export { type ClusterWait, FaultCluster, type FaultDirection } from "./cluster/cluster.ts";
export { PredicateError, UnknownNodeError } from "./cluster/errors.ts";
export type { ArbitraryOf, FastCheck } from "./cluster/fast-check.ts";
export type { FaultEvent, FaultEventType } from "./cluster/history.ts";
export type { ClusterNode } from "./cluster/members.ts";
export type { DistMessage, MessagePredicate } from "./cluster/message.ts";
export type { MessageFault, MessageFaultOptions } from "./cluster/message-fault.ts";
export type { PartitionKind } from "./cluster/rules.ts";
export { type RunScheduleOptions, runSchedule } from "./cluster/run-schedule.ts";
export {
  FaultSchedule,
  type FaultScheduleOptions,
  type FaultStep,
  faultSchedule,
} from "./cluster/schedule.ts";
export { type FaultClusterOptions, startFaultCluster } from "./cluster/start.ts";
export type { Compared } from "./compare-term.ts";
export { CrashOutcome, type DeadProcess, type SupervisorDecision } from "./crash-outcome.ts";
export { CleanUpError, FixtureError, StartError } from "./errors.ts";
export { type EvaluateInTestOptions, evaluate } from "./evaluate.ts";
export {
  type EventPattern,
  EventStream,
  type EventStreamOptions,
  UnexpectedEventError,
} from "./event-stream.ts";
export { type EventuallyOptions, eventually } from "./eventually.ts";
export { CrashedError, type ExpectNoCrashOptions, expectNoCrash } from "./expect-no-crash.ts";
export {
  type FreezeListenerOptions,
  freezeListener,
  type ListenerSelector,
} from "./freeze-listener.ts";
export type { AllHooks, Hooks, PlainHooks, Work } from "./hooks.ts";
export { type KeeperScript, type KeepOptions, type Kept, keep } from "./keeper.ts";
export type { Exit } from "./launch/child.ts";
export type { ReadyWhen } from "./launch/ready.ts";
export type { GivenNode, NodeOptions, StartedNode } from "./node-options.ts";
export { OpenFixture, openFixture } from "./open-fixture.ts";
export type { Mismatch } from "./pattern-match.ts";
export { pg } from "./pg.ts";
export type { PgMember } from "./pg-member.ts";
export { type PgEvent, type PgOptions, PgScope } from "./pg-scope.ts";
export type { CrashOptions, CrashWay } from "./probe-crash.ts";
export type { Whose } from "./probe-idle.ts";
export type { NextState, ReplaceStateOptions } from "./probe-replace.ts";
export type { Restarted } from "./probe-restart.ts";
export { ProcessProbe, process } from "./process.ts";
export type { ProcessBrief, ProcessName } from "./process-name.ts";
export { PubSubAdapterError, pubsub } from "./pubsub.ts";
export { BroadcastError, PubSub, type PubSubOptions } from "./pubsub-bus.ts";
export type { ChannelEvent, PubSubMessage } from "./pubsub-message.ts";
export { Sandbox, SandboxError, type SandboxOptions, sandbox } from "./sandbox.ts";
export { SandboxPoolError } from "./sandbox-script.ts";
export {
  type ArgumentPattern,
  Expectation,
  type Reply,
  type ScriptedCall,
} from "./scripted-call.ts";
export {
  ScriptedNode,
  type ScriptedNodeOptions,
  scriptedNode,
  UnmetExpectationError,
} from "./scripted-node.ts";
export { type SettledOptions, settled } from "./settled.ts";
export { StandStillError } from "./standing-still.ts";
export { type StartBeamOptions, StartedBeam, type StartOptions, startBeam } from "./start-beam.ts";
export { type StartReleaseOptions, startRelease } from "./start-release.ts";
export { Subscription } from "./subscription.ts";
export {
  type ProcessSelector,
  type SuspendDuringOptions,
  suspendDuring,
} from "./suspend-during.ts";
export { type NodeFixture, nodeOf, owned, type Target } from "./target.ts";
export {
  type TelemetryEvent,
  TelemetryEvents,
  type TelemetryOptions,
  telemetry,
} from "./telemetry.ts";
export { type TermHole, type TermTag, term } from "./term.ts";
export { type TermMatchers, termMatchers } from "./term-matchers.ts";
export { type TermBindings, TermPattern } from "./term-pattern.ts";
export { type JsResult, toJs } from "./to-js.ts";
export { type JsValue, type ToTermOptions, toTerm } from "./to-term.ts";
export { type UseNodeOptions, useNode } from "./use-node.ts";
export { WaitError, type WaitForOptions } from "./wait.ts";
export { AppNotStartedError, type WaitForAppOptions, waitForApp } from "./wait-for-app.ts";
export { type AppEnv, type AppEnvOptions, withAppEnv } from "./with-app-env.ts";
export { type LogLevelOptions, withLogLevel } from "./with-log-level.ts";
export { type ProcessFlags, withProcessFlag } from "./with-process-flag.ts";
export { type SystemFlags, withSystemFlag } from "./with-system-flag.ts";
