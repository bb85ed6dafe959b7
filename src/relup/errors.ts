/** Why a relup cannot be used. */

import { BeamError } from "../errors.ts";

/** The relup is missing, malformed, or has no instructions from the running version. */
export class RelupError extends BeamError {
  readonly code = "BEAM_UPGRADE";
}
