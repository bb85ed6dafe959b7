/** From an error to the exit code of the command. */

import { type BeamError, isBeamError } from "../errors.ts";
import { UpgradeError } from "../upgrade/errors.ts";
import { EXIT } from "./exit-codes.ts";

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
    const { outcome, cause } = error;
    if (outcome === "suspended" || outcome === "installing") return EXIT.leftSuspended;
    const asItWas = outcome === "unchanged" || outcome === "rolled back";
    if (asItWas && isBeamError(cause) && cause.code === "BEAM_ABORTED") return EXIT.interrupted;
    return outcome === "unchanged" ? EXIT.refused : EXIT.degraded;
  }
  return BY_CODE[error.code];
}
