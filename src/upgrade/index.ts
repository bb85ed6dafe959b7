/** The main job: hot upgrades of a live release, and how they are told. */

export { type NodeOutcome, UpgradeError } from "./errors.ts";
export {
  STAGES,
  type Stage,
  type UpgradeEvent,
  type UpgradeOptions,
  type UpgradeReport,
} from "./events.ts";
export type { Operation } from "./operation.ts";
export { type Commitment, type CommitOptions, commitRelease } from "./permanent.ts";
export { type PlanView, type PlanViewStep, planUpgrade } from "./plan-upgrade.ts";
export type { Finding, Severity } from "./preflight/index.ts";
export { rollbackRelease } from "./rollback.ts";
export {
  type InstructionRun,
  type RunInstructionOptions,
  runInstruction,
} from "./run-instruction.ts";
export { upgrade } from "./start.ts";
export { receiveUpgradeScript, type UpgradeScript } from "./upgrade-script.ts";
export type { Verified, VerifiedItem } from "./verify/index.ts";
