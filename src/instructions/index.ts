/**
 * edeliver's upgrade instructions as operations on a live node, and the plans they make. In the examples `context` is what
 * an instruction's `run` is given, and `node` a connected node.
 * @module beamctl/instructions
 */

export {
  type Added,
  append,
  appendAfterPointOfNoReturn,
  type InsertAtFun,
  type InsertFun,
  type Instruction,
  type Instructions,
  insertAfterInstruction,
  insertAfterLoadObjectCode,
  insertAfterPointOfNoReturn,
  insertBeforeInstruction,
  insertBeforePointOfNoReturn,
} from "../relup/index.ts";
export {
  CodeChangeOnAppProcesses,
  type ModulesInstruction,
  ResumeAppProcesses,
  SuspendAppProcesses,
} from "./app-processes.ts";
export { assume, thrownBy } from "./assume.ts";
export {
  type BulkContext,
  type BulkFailure,
  type BulkResult,
  bulkResume,
  bulkSuspend,
  bulkWaitForTermination,
  notifyRunningRequests,
} from "./bulk.ts";
export { catalogueOf, INSTRUCTIONS } from "./catalogue.ts";
export { CheckProcessesRunningOldCode } from "./check-processes-running-old-code.ts";
export { type AcceptorFunctions, CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
export { CheckRanchConnections, type ConnectionFunctions } from "./check-ranch-connections.ts";
export {
  type AcceptorMode,
  type Config,
  DEFAULT_CONFIG,
  type EdeliverConfig,
  type InstructionConfig,
  type ReleaseManagerConfig,
  type SuspendTarget,
  settings,
} from "./config.ts";
export { callThis, defineInstruction, type InstructionDefinition } from "./define.ts";
export {
  ensureDependenciesLoadedBeforeInstructionForUpgrade,
  ensureDependenciesUnloadedAfterInstructionForDowngrade,
} from "./dependencies.ts";
export { InstructionError } from "./errors.ts";
export { FinishRunningRequests, type RequestFunctions } from "./finish-running-requests.ts";
export { Info, type InfoInstruction } from "./info.ts";
export {
  type Facts,
  type HeldSocket,
  type InstructionContext,
  type LogLevel,
  noFacts,
  type PlanStep,
  type RelupModifier,
  type RunnableInstruction,
} from "./instruction.ts";
export { LoadProtocols } from "./load-protocols.ts";
export {
  debug,
  error,
  formatInUpgradeScript,
  info,
  type LogContext,
  logInUpgradeScript,
  type PrintContext,
  prefixOf,
  warn,
} from "./log.ts";
export {
  anything,
  type BindingsOf,
  type Bound,
  bind,
  matchList,
  matchTuple,
  type Part,
  Pattern,
} from "./pattern.ts";
export {
  changes,
  checks,
  EDELIVER,
  MINIMAL,
  PLANS,
  type PlanEntry,
  plan,
  stepsOf,
  stepsWithin,
} from "./plan.ts";
export { planWithin } from "./plan-within.ts";
export {
  type ChildId,
  endpoint,
  type LookContext,
  ranchAcceptors,
  ranchAcceptorsSup,
  ranchConnections,
  ranchConnectionsSup,
  ranchListenerSup,
  websocketChannelConnections,
} from "./ranch-tree.ts";
export { RefreshEndpoints } from "./refresh-endpoints.ts";
export { ReloadModules } from "./reload-modules.ts";
export { RerunFailedRequests } from "./rerun-failed-requests.ts";
export { type ChannelFunctions, ResumeChannels } from "./resume-channels.ts";
export { ResumeRanchAcceptors } from "./resume-ranch-acceptors.ts";
export { Sleep, type SleepInstruction } from "./sleep.ts";
export { SoftPurge } from "./soft-purge.ts";
export { type Section, StartSection, type StartSectionInstruction } from "./start-section.ts";
export { SuspendChannels, stopTargets, type Target, targets } from "./suspend-channels.ts";
export { SuspendRanchAcceptors } from "./suspend-ranch-acceptors.ts";
