/** What is not EPMD's protocol. */

import { BeamError, type BeamErrorOptions } from "../errors.ts";

/** Something answers at EPMD's address in another way than EPMD does, or a name is none. */
export class EpmdProtocolError extends BeamError {
  readonly code = "BEAM_PROTOCOL";

  constructor(what: string, options: BeamErrorOptions = {}) {
    super(`not EPMD's protocol: ${what}`, {
      remedy: "Is another service on that port?",
      ...options,
    });
  }
}
