/** The main job: hot upgrades of a live release, and how they are told. */

export { type CheckUpgradeOptions, checkUpgrade, type UpgradeCheck } from "./check-upgrade.ts";
export { type NodeOutcome, UpgradeError } from "./errors.ts";
export {
  STAGES,
  type Stage,
  type UpgradeEvent,
  type UpgradeOptions,
  type UpgradeReport,
} from "./events.ts";
export type { Operation } from "./operation.ts";
export { type CommitOptions, commitRelease } from "./permanent.ts";
export { type PlanView, type PlanViewStep, planUpgrade } from "./plan-upgrade.ts";
export { type Finding, SEVERITIES, type Severity } from "./preflight/index.ts";
export {
  type InstructionRun,
  type RunInstructionOptions,
  runInstruction,
} from "./run-instruction.ts";
export { upgrade } from "./upgrade.ts";
export { receiveUpgradeScript, type UpgradeScript } from "./upgrade-script.ts";
