/**
 * Helpers for tests against a live node, with any test runner. In the examples `shop` is a fixture as {@link useNode} gives it, `node` a connected node.
 * @module beamctl/testing
 */

export { type AppEnv, type AppEnvOptions, withAppEnv } from "./changes/with-app-env.ts";
export { type LogLevelOptions, withLogLevel } from "./changes/with-log-level.ts";
export { type ProcessFlags, withProcessFlag } from "./changes/with-process-flag.ts";
export { type SystemFlags, withSystemFlag } from "./changes/with-system-flag.ts";
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
export { type EvaluateInTestOptions, evaluate } from "./evaluate.ts";
export {
  type EventPattern,
  EventStream,
  type EventStreamOptions,
  UnexpectedEventError,
} from "./events/event-stream.ts";
export { pg } from "./events/pg.ts";
export type { PgMember } from "./events/pg-member.ts";
export { type PgEvent, type PgOptions, PgScope } from "./events/pg-scope.ts";
export { PubSubAdapterError, pubsub } from "./events/pubsub.ts";
export { BroadcastError, PubSub, type PubSubOptions } from "./events/pubsub-bus.ts";
export type { ChannelEvent, PubSubMessage } from "./events/pubsub-message.ts";
export { Subscription } from "./events/subscription.ts";
export {
  type TelemetryEvent,
  TelemetryEvents,
  type TelemetryOptions,
  telemetry,
} from "./events/telemetry.ts";
export { CleanUpError, FixtureError, StartError } from "./fixture/errors.ts";
export type { AllHooks, Hooks, PlainHooks, Work } from "./fixture/hooks.ts";
export type { GivenNode, NodeOptions, StartedNode } from "./fixture/node-options.ts";
export { OpenFixture, openFixture } from "./fixture/open-fixture.ts";
export { type UseNodeOptions, useNode } from "./fixture/use-node.ts";
export { type KeeperScript, type KeepOptions, type Kept, keep } from "./keeper.ts";
export type { Exit } from "./launch/child.ts";
export type { ReadyWhen } from "./launch/ready.ts";
export {
  type StartBeamOptions,
  StartedBeam,
  type StartOptions,
  startBeam,
} from "./launch/start-beam.ts";
export { type StartReleaseOptions, startRelease } from "./launch/start-release.ts";
export {
  CrashOutcome,
  type DeadProcess,
  type SupervisorDecision,
} from "./process/crash-outcome.ts";
export type { CrashOptions, CrashWay } from "./process/probe-crash.ts";
export type { Whose } from "./process/probe-idle.ts";
export type { NextState, ReplaceStateOptions } from "./process/probe-replace.ts";
export type { Restarted } from "./process/probe-restart.ts";
export { ProcessProbe, process } from "./process/process.ts";
export type { ProcessBrief, ProcessName } from "./process/process-name.ts";
export { type SettledOptions, settled } from "./process/settled.ts";
export { Sandbox, SandboxError, type SandboxOptions, sandbox } from "./sandbox/sandbox.ts";
export { SandboxPoolError } from "./sandbox/sandbox-script.ts";
export {
  type ArgumentPattern,
  Expectation,
  type Reply,
  type ScriptedCall,
} from "./scripted/scripted-call.ts";
export {
  ScriptedNode,
  type ScriptedNodeOptions,
  scriptedNode,
  UnmetExpectationError,
} from "./scripted/scripted-node.ts";
export {
  type FreezeListenerOptions,
  freezeListener,
  type ListenerSelector,
} from "./standing/freeze-listener.ts";
export { StandStillError } from "./standing/standing-still.ts";
export {
  type ProcessSelector,
  type SuspendDuringOptions,
  suspendDuring,
} from "./standing/suspend-during.ts";
export { type NodeFixture, nodeOf, owned, type Target } from "./target.ts";
export { assertTerm } from "./terms/assert-term.ts";
export type { Compared } from "./terms/compare-term.ts";
export type { Mismatch } from "./terms/pattern-match.ts";
export { type TermHole, type TermTag, term } from "./terms/term.ts";
export { type TermMatchers, termMatchers } from "./terms/term-matchers.ts";
export { type TermBindings, TermPattern } from "./terms/term-pattern.ts";
export { type JsResult, toJs } from "./terms/to-js.ts";
export { type JsValue, type ToTermOptions, toTerm } from "./terms/to-term.ts";
export { type EventuallyOptions, eventually } from "./wait/eventually.ts";
export { WaitError, type WaitForOptions } from "./wait/wait.ts";
export { AppNotStartedError, type WaitForAppOptions, waitForApp } from "./wait/wait-for-app.ts";
export {
  CapturedLogs,
  type CaptureLogsOptions,
  captureLogs,
  type LogMatch,
  type LogWaitOptions,
} from "./watching/capture-logs.ts";
export {
  CrashedError,
  type ExpectNoCrashOptions,
  expectNoCrash,
} from "./watching/expect-no-crash.ts";
