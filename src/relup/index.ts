/** Relups as values. */

export { RelupError } from "./errors.ts";
export { explainRelup, type RelupExplanation, type RelupRow } from "./explain.ts";
export {
  type AffectedProcesses,
  type OldCodeProcesses,
  type ProcessChange,
  type Processes,
  type RelupImpact,
  type RelupImpactOptions,
  relupImpact,
  type Supervised,
  supervisedBy,
} from "./impact.ts";
export {
  append,
  appendAfterPointOfNoReturn,
  type InsertAtFun,
  insertAfterInstruction,
  insertAfterLoadObjectCode,
  insertAfterPointOfNoReturn,
  insertBeforeInstruction,
  insertBeforePointOfNoReturn,
} from "./insert.ts";
export {
  type Added,
  type InsertFun,
  type Instruction,
  type Instructions,
  moduleAtom,
  moduleLabel,
  partsOf,
  runnableModule,
} from "./instruction.ts";
export { modifies, modifiesApplications, modifiesCode, modifiesProcesses } from "./modifies.ts";
export { type Direction, type RelupPath, readRelup } from "./read-relup.ts";
export {
  changedModules,
  instructionsOf,
  parseRelup,
  type Relup,
  type RelupEntry,
  relupTerm,
  restartsEmulator,
  withInstructions,
} from "./relup.ts";
export { findRelupFile, type RelupFile, readRelupFile } from "./relup-file.ts";
export {
  ensureModuleLoadedBeforeFirstRunnableInstructions,
  ensureModuleLoadedBeforeInstruction,
  ensureModuleUnloadedAfterInstruction,
  ensureModuleUnloadedAfterLastRunnableInstruction,
  firstRunnableInstruction,
  type ShiftFun,
  type ShiftRunnableFun,
} from "./shift.ts";
export { type PurgeCounts, type PurgeModes, purgeModes, softPurge } from "./soft-purge.ts";
export type { RelupSummary } from "./summary.ts";
export { waysBetween } from "./ways.ts";
export {
  type RestoredRelup,
  type RestoreRelupOptions,
  relupBackups,
  restoreRelup,
  type WriteRelupOptions,
  type WrittenRelup,
  writeRelup,
} from "./write-relup.ts";
