/** The guardian on the node, the journal on disk, and recovery. */

export type { GuardOptions } from "./arming.ts";
export { guardStatus } from "./ask-node.ts";
export {
  GuardHeldError,
  GuardLostError,
  GuardRefusedError,
  GuardUnfitError,
  JournalDamagedError,
  JournalError,
  JournalLockedError,
  UnfinishedOperationError,
} from "./errors.ts";
export type { HoldFailure, SuspendFailure } from "./failures.ts";
export {
  FileChanges,
  type FileChangesOptions,
  type RecoveredFile,
  TAKEN_BACK,
} from "./file-changes.ts";
export { Guardian, type ProcessOptions, type StepOptions } from "./guardian.ts";
export { GUARD_NAME, GUARDIAN } from "./guardian-source.ts";
export { type ExaminedJournal, examineJournal, journalFiles } from "./journal/examine.ts";
export { Journal } from "./journal/journal.ts";
export {
  type Acceptor,
  type Entry,
  type Failure,
  type FileChange,
  type JournalOperation,
  type JournalRecord,
  operationsOf,
  pidKey,
} from "./journal/records.ts";
export { defaultStateDirectory } from "./journal/state-directory.ts";
export { packTerms, unpackTerms } from "./journal/term-extensions.ts";
export type { LeaseHealth } from "./lease.ts";
export type { Queues } from "./queues.ts";
export {
  type RecoveredOperation,
  type RecoverOptions,
  type RecoverReport,
  recover,
} from "./recover.ts";
export { leftOf, type UndoReport } from "./report.ts";
export { INSPECTION } from "./source/inspection.ts";
export type { GuardPhase, GuardStatus } from "./status.ts";
export { suspendedAmong } from "./suspended-among.ts";
export type { HeldTime, HoldTimes } from "./times.ts";
