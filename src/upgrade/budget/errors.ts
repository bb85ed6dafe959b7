/** A hold that was ended early. */

import { BeamError } from "../../errors.ts";

/** Everything was given back before the install, since to go on would have held it for too long, or let too much wait for it. */
export class BudgetError extends BeamError {
  readonly code = "BEAM_UPGRADE";
}
