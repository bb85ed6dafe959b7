/** beamctl: operate live BEAM nodes from Node.js. */

export {
  CookieRefusedError,
  describeFlags,
  HandshakeClosedError,
  HandshakeTimeoutError,
  MissingFlagsError,
  missingFlags,
  NameInUseError,
  NodeDownError,
  NotAllowedError,
  ProtocolError,
  WrongNodeNameError,
} from "./dist/index.ts";
export {
  AbortedError,
  BeamError,
  type ErrorCode,
  isBeamError,
  LimitError,
  TimeoutError,
  UsageError,
} from "./errors.ts";
export {
  GuardHeldError,
  Guardian,
  GuardLostError,
  type GuardOptions,
  Journal,
  JournalError,
  type RecoverReport,
  recover,
  type UndoReport,
} from "./guard/index.ts";
export {
  BeamNode,
  type CallOptions,
  type ConnectOptions,
  connect,
  EpmdUnreachableError,
  epmdLookup,
  epmdNames,
  epmdRegister,
  GroupLeader,
  type ListenOptions,
  listen,
  Mailbox,
  type Monitor,
  NameTakenError,
  NodeListener,
  NodeNotRegisteredError,
  NoProcessError,
  RemoteError,
  type SystemReply,
} from "./node/index.ts";
export {
  checkInstallRelease,
  DeniedError,
  type EvaluateOptions,
  evaluate,
  installRelease,
  leftSuspended,
  makePermanent,
  observer,
  type Release,
  ReleaseHandlerError,
  type Remote,
  type SystemInfo,
  systemInfo,
  unpackRelease,
  whichApplications,
  whichReleases,
} from "./otp/index.ts";
export { RelupError } from "./relup/index.ts";
export { type Atom, atom, inspect, parse, type Term, tuple } from "./term/index.ts";
export {
  type Channel,
  type Connection,
  channels,
  connections,
  type Listener,
  listeners,
  type SupervisionNode,
  supervisionTree,
} from "./topology/index.ts";
export {
  type Operation,
  UpgradeError,
  type UpgradeEvent,
  type UpgradeOptions,
  type UpgradeReport,
  upgrade,
} from "./upgrade/index.ts";
