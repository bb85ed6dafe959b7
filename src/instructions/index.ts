/** edeliver's upgrade instructions as operations on a live node, and the plans they make. */

export { type BulkResult, bulkResume, bulkSuspend } from "./bulk.ts";
export { CheckProcessesRunningOldCode } from "./check-processes-running-old-code.ts";
export { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
export { CheckRanchConnections } from "./check-ranch-connections.ts";
export { InstructionError } from "./errors.ts";
export { FinishRunningRequests } from "./finish-running-requests.ts";
export {
  append,
  appendAfterPointOfNoReturn,
  insertAfterPointOfNoReturn,
  insertBeforePointOfNoReturn,
} from "./insert.ts";
export {
  DEFAULT_CONFIG,
  type Facts,
  type InsertFun,
  type Instruction,
  type InstructionConfig,
  type InstructionContext,
  type Instructions,
  type LogLevel,
  noFacts,
  type PlanStep,
  type SuspendTarget,
} from "./instruction.ts";
export { changes, checks, PLANS, plan } from "./plan.ts";
export { ResumeChannels } from "./resume-channels.ts";
export { ResumeRanchAcceptors } from "./resume-ranch-acceptors.ts";
export { SuspendChannels, targets } from "./suspend-channels.ts";
export { SuspendRanchAcceptors } from "./suspend-ranch-acceptors.ts";
