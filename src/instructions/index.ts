/** edeliver's upgrade instructions as operations on a live node, and the plans they make. */

export {
  append,
  appendAfterPointOfNoReturn,
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
  ResumeAppProcesses,
  SuspendAppProcesses,
} from "./app-processes.ts";
export { assume, thrownBy } from "./assume.ts";
export {
  type BulkFailure,
  type BulkResult,
  bulkResume,
  bulkSuspend,
  bulkWaitForTermination,
  notifyRunningRequests,
} from "./bulk.ts";
export { catalogueOf, INSTRUCTIONS } from "./catalogue.ts";
export { CheckProcessesRunningOldCode } from "./check-processes-running-old-code.ts";
export { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
export { CheckRanchConnections } from "./check-ranch-connections.ts";
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
export { FinishRunningRequests } from "./finish-running-requests.ts";
export { Info } from "./info.ts";
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
  logInUpgradeScript,
  prefixOf,
  warn,
} from "./log.ts";
export { anything, bind, matchList, matchTuple, type Part, Pattern } from "./pattern.ts";
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
  endpoint,
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
export { ResumeChannels } from "./resume-channels.ts";
export { ResumeRanchAcceptors } from "./resume-ranch-acceptors.ts";
export { Sleep } from "./sleep.ts";
export { SoftPurge } from "./soft-purge.ts";
export { type Section, StartSection } from "./start-section.ts";
export { SuspendChannels, stopTargets, type Target, targets } from "./suspend-channels.ts";
export { SuspendRanchAcceptors } from "./suspend-ranch-acceptors.ts";
