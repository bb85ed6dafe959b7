/** The main job: hot upgrades of a live release, and how they are told. */

export { type Budget, type BudgetOptions, budgetLine } from "./budget/budget.ts";
export { BudgetError } from "./budget/errors.ts";
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
export { type CommitOptions, commitRelease } from "./permanent.ts";
export { type PlanView, type PlanViewStep, planUpgrade } from "./plan-upgrade.ts";
export type { Finding, Severity } from "./preflight/index.ts";
export {
  type AnyReport,
  type OperationReport,
  REPORT_SCHEMA,
  type ReportFormat,
  renderReport,
} from "./report/index.ts";
export {
  type InstructionRun,
  type RunInstructionOptions,
  runInstruction,
} from "./run-instruction.ts";
export { upgrade } from "./upgrade.ts";
export { receiveUpgradeScript, type UpgradeScript } from "./upgrade-script.ts";
