/** From an error to the exit code of the command, the table that scripts rely on. */

import { BeamError, isBeamError } from "../errors.ts";
import { UpgradeError } from "../upgrade/index.ts";

/** The exit codes by meaning; numbers of 64 and above are those of sysexits.h. */
export const EXIT = {
  done: 0,
  raised: 1,
  degraded: 2,
  refused: 3,
  leftSuspended: 4,
  usage: 64,
  data: 65,
  unreachable: 69,
  software: 70,
  timeout: 75,
  denied: 77,
  config: 78,
  interrupted: 130,
} as const;

const BY_CODE: Readonly<Record<BeamError["code"], number>> = {
  BEAM_CONNECT: EXIT.unreachable,
  BEAM_AUTH: EXIT.denied,
  BEAM_NODE_DOWN: EXIT.unreachable,
  BEAM_TIMEOUT: EXIT.timeout,
  BEAM_ABORTED: EXIT.interrupted,
  BEAM_PROTOCOL: EXIT.unreachable,
  BEAM_DECODE: EXIT.data,
  BEAM_ENCODE: EXIT.data,
  BEAM_LIMIT: EXIT.data,
  BEAM_REMOTE: EXIT.raised,
  BEAM_NOPROC: EXIT.raised,
  BEAM_DENIED: EXIT.software,
  BEAM_TOPOLOGY: EXIT.degraded,
  BEAM_UPGRADE: EXIT.refused,
  BEAM_LEASE: EXIT.refused,
  BEAM_JOURNAL: EXIT.config,
  BEAM_SYNTAX: EXIT.data,
  BEAM_CONFIG: EXIT.config,
  BEAM_USAGE: EXIT.usage,
};

/** The exit code for an error; anything that is no beamctl error is a defect of ours. */
export function exitCodeOf(error: unknown): number {
  if (!isBeamError(error)) return EXIT.software;
  if (error instanceof UpgradeError) {
    if (error.outcome === "suspended") return EXIT.leftSuspended;
    if (error.outcome !== "unchanged") return EXIT.degraded;
    const cause = error.cause;
    if (isBeamError(cause) && cause.code === "BEAM_ABORTED") return EXIT.interrupted;
    return EXIT.refused;
  }
  return BY_CODE[error.code];
}
