/** Why a release cannot be pushed, unpacked or prepared. */

import { BeamError } from "../../errors.ts";

/** A package or a version on the node is not as it must be; the message says what, `remedy` what to do. What runs is untouched. */
export class ReleaseError extends BeamError {
  readonly code = "BEAM_UPGRADE";
}
