/** Helpers for tests against a live node, with any test runner. */

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
export { type KeeperScript, type KeepOptions, type Kept, keep } from "./keeper.ts";
export { type NodeFixture, nodeOf, owned, type Target } from "./target.ts";
