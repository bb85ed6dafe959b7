/** The OTP modules of a node, with typed arguments and results. */

export { ALLOW_LIST, isObserving } from "./allow-list.ts";
export { Answer } from "./answer.ts";
export { applicationKey, type RunningApplication, whichApplications } from "./application.ts";
export { BATCH } from "./batch.ts";
export {
  type LoadedModule,
  loadedAgainstDisk,
  loadedFrom,
  loadFile,
  modulesWithOldCode,
  moduleVersions,
  type OldCode,
  processesRunningOldCode,
  rootDir,
  softPurge,
} from "./code.ts";
export { codePath, loadAbsolute, replaceInCodePath } from "./code-path.ts";
export { consolidatedProtocols } from "./consolidated.ts";
export {
  type CrashReport,
  type CrashReports,
  type CrashWatch,
  watchCrashes,
} from "./crash-reports.ts";
export { hex, MD5, type PathState, pathStates, problemOf } from "./digests.ts";
export { type EnvironmentKeys, lostEnvironment } from "./environment.ts";
export { type ResourceUsage, type SystemInfo, systemInfo } from "./erlang.ts";
export {
  DeniedError,
  RemoteFileError,
  ScriptError,
  SourceError,
  UnexpectedAnswerError,
} from "./errors.ts";
export { type EvaluateOptions, evaluate, hasElixir, orddict, readErlang } from "./evaluate.ts";
export { bootVersion, consult, consultProblem, listDir, textFile } from "./file.ts";
export { initStatus } from "./init.ts";
export { type LogEvent, type LogEventsOptions, LogStream, logEvents } from "./log-events.ts";
export { type LogLevel, log, logLevel, type NodeLogLevel } from "./logger.ts";
export { observer } from "./observer.ts";
export { type OldCodeUser, oldCodeUsers } from "./old-code-users.ts";
export {
  type BeamChanges,
  bootFileOf,
  compareBeams,
  type FileFacts,
  fileFacts,
} from "./release-files.ts";
export {
  checkInstallRelease,
  type Installed,
  type InstallOptions,
  installRelease,
  makePermanent,
  type Release,
  type ReleaseStatus,
  removeRelease,
  setRemoved,
  setUnpacked,
  unpackKept,
  unpackRelease,
  whichReleases,
} from "./release-handler.ts";
export { ReleaseHandlerError, type ReleaseHandlerReason } from "./release-handler-error.ts";
export { type ReleasePlaces, releasePlaces } from "./release-places.ts";
export type { CallOptions, Remote } from "./remote.ts";
export { formsOf, parseOn, readOnlyScripts, runScript, Script } from "./script.ts";
export { type SupervisedProcess, supervisedProcesses } from "./supervised.ts";
export {
  type ChildCounts,
  countChildren,
  restartChild,
  type SupervisorChild,
  terminateChild,
  whichChildren,
} from "./supervisor.ts";
export { diskData, type Surroundings, surroundings } from "./surroundings.ts";
export { type LeftSuspendedOptions, leftSuspended } from "./sys.ts";
