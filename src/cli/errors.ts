/** Errors of the command itself. */

import { BeamError } from "../errors.ts";

/** The configuration (a cookie file, a state directory, a release root) cannot be used. */
export class ConfigError extends BeamError {
  readonly code = "BEAM_CONFIG";
}
