/** The one base class of every error that beamctl throws, and the table of its stable codes. */

/** Stable codes: match on these, they survive duplicate installs and renamed classes. */
export type ErrorCode =
  | "BEAM_CONNECT"
  | "BEAM_AUTH"
  | "BEAM_NODE_DOWN"
  | "BEAM_TIMEOUT"
  | "BEAM_ABORTED"
  | "BEAM_PROTOCOL"
  | "BEAM_DECODE"
  | "BEAM_ENCODE"
  | "BEAM_LIMIT"
  | "BEAM_REMOTE"
  | "BEAM_NOPROC"
  | "BEAM_DENIED"
  | "BEAM_TOPOLOGY"
  | "BEAM_UPGRADE"
  | "BEAM_LEASE"
  | "BEAM_JOURNAL"
  | "BEAM_SYNTAX"
  | "BEAM_CONFIG"
  | "BEAM_USAGE";

/** What every beamctl error can carry beside its message. */
export interface BeamErrorOptions {
  /** The node that the failure concerns. */
  node?: string | undefined;
  /** One sentence on what the user can do about it. */
  remedy?: string | undefined;
  /** Whether the same call may succeed later without any change. Default `false`. */
  retryable?: boolean | undefined;
  cause?: unknown;
}

const BRAND = "@@beamctl.error";

/** Base of all errors: `code` is stable, `remedy` says what to do, `retryable` whether to try again. */
export abstract class BeamError extends Error {
  abstract readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly node: string | undefined;
  readonly remedy: string | undefined;
  constructor(message: string, options: BeamErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    Object.defineProperty(this, BRAND, { value: true });
    this.retryable = options.retryable ?? false;
    this.node = options.node;
    this.remedy = options.remedy;
  }
}

/**
 * Whether `value` is a beamctl error, also one of another installed copy.
 * @example
 * import { connect, isBeamError } from "beamctl";
 *
 * try {
 *   await using shop = await connect("shop@localhost", { cookie: process.env.SHOP_COOKIE! });
 *   console.log(await shop.ping());
 * } catch (error) {
 *   if (!isBeamError(error)) throw error;
 *   console.error(error.code, error.message, error.remedy);
 * }
 */
export function isBeamError(value: unknown): value is BeamError {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** A wait ended because its time was up; the remote work may still be running. */
export class TimeoutError extends BeamError {
  readonly code = "BEAM_TIMEOUT";

  constructor(what: string, milliseconds: number, options: BeamErrorOptions = {}) {
    super(`${what} did not answer within ${milliseconds} ms`, {
      retryable: true,
      remedy: "Give it more time; what was asked for may still be running on the node.",
      ...options,
    });
  }
}

/** A wait ended because its `AbortSignal` fired; `cause` is the signal's reason. */
export class AbortedError extends BeamError {
  readonly code = "BEAM_ABORTED";

  constructor(what: string, options: BeamErrorOptions = {}) {
    super(`${what} was aborted`, options);
  }
}

/** The caller used the API or the command wrongly: nothing was sent. */
export class UsageError extends BeamError {
  readonly code = "BEAM_USAGE";
}

/** A configured limit was met: nothing beyond it was kept. */
export class LimitError extends BeamError {
  readonly code = "BEAM_LIMIT";
}
