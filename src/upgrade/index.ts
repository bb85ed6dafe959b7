/** The main job: hot upgrades of a live release, and how they are told. */

export { type Budget, type BudgetOptions, budgetLine } from "./budget/budget.ts";
export { BudgetError } from "./budget/errors.ts";
export { type CheckUpgradeOptions, checkUpgrade, type UpgradeCheck } from "./check-upgrade.ts";
export { type NodeOutcome, UpgradeError } from "./errors.ts";
export {
  STAGES,
  type Stage,
  type UpgradeEvent,
  type UpgradeOptions,
  type UpgradeReport,
} from "./events.ts";
export { type HeldChannels, type HoldChannelsOptions, holdChannels } from "./hold-channels.ts";
export type { Operation } from "./operation.ts";
export { type Commitment, type CommitOptions, commitRelease } from "./permanent.ts";
export { type PlanView, type PlanViewStep, planUpgrade } from "./plan-upgrade.ts";
export type { Reach } from "./preflight/cluster.ts";
export { type Finding, SEVERITIES, type Severity } from "./preflight/index.ts";
export type { ReleaseChange, ReleaseProblem } from "./release/change.ts";
export { ReleaseError } from "./release/errors.ts";
export {
  type PrepareEvent,
  type PrepareOptions,
  type PrepareReport,
  prepareRelease,
} from "./release/prepare.ts";
export {
  type PushEvent,
  type PushOptions,
  type PushReport,
  pushRelease,
} from "./release/push.ts";
export {
  type UndoneChange,
  type UndoReport as UndoPrepareReport,
  undoPrepare,
} from "./release/undo.ts";
export { type Unpacked, type UnpackOptions, unpackVersion } from "./release/unpack.ts";
export { callingVersions } from "./relup-calls.ts";
export {
  type AnyReport,
  type OperationReport,
  REPORT_SCHEMA,
  type ReportFormat,
  renderReport,
} from "./report/index.ts";
export type { PauseFigures } from "./report/pauses.ts";
export type {
  BudgetFigures,
  ListenerWindow,
  OperationCounts,
  OperationFailure,
  QueueFigures,
  QueueSample,
  TimeWindow,
} from "./report/report.ts";
export type { LogLine, SpanState, TimeSpan } from "./report/timeline.ts";
export { rollbackRelease } from "./rollback.ts";
export {
  type InstructionRun,
  type RunInstructionOptions,
  runInstruction,
} from "./run-instruction.ts";
export { upgrade } from "./start.ts";
export { receiveUpgradeScript, type UpgradeScript } from "./upgrade-script.ts";
export type { Verified, VerifiedItem } from "./verify/index.ts";
export type { VerifiedAt, VerifiedWhat } from "./verify/verified.ts";
export { runningRelease } from "./versions.ts";
