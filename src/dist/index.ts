/**
 * The Erlang distribution protocol as a state machine: bytes and time in, events and bytes out.
 * @module beamctl/dist
 */

export type { Control, Extras, Monitored } from "./control.ts";
export {
  CookieRefusedError,
  HandshakeClosedError,
  HandshakeTimeoutError,
  InvalidControlError,
  MissingFlagsError,
  NameInUseError,
  NodeDownError,
  NotAllowedError,
  ProtocolError,
  WrongNodeNameError,
} from "./errors.ts";
export {
  describeFlags,
  type FlagName,
  type Flags,
  flags,
  HIGH_FLAGS,
  hasFlag,
  LOW_FLAGS,
  missingFlags,
  OFFERED,
  PASS_THROUGH,
  PUBLISHED,
  REQUIRED,
} from "./flags.ts";
export { Payload } from "./payload.ts";
export { Session } from "./session.ts";
export {
  type Caller,
  DEFAULT_SESSION_LIMITS,
  type PeerInfo,
  type SessionHandler,
  type SessionLimits,
  type SessionOptions,
  type Verdict,
} from "./session-types.ts";
