/** What can go wrong when a system's shape is read. */

import { BeamError } from "../errors.ts";

/** The node does not have what was asked for, as an application that is not started. */
export class TopologyError extends BeamError {
  readonly code = "BEAM_TOPOLOGY";
}
