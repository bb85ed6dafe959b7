/** The errors of reading terms. */

import { BeamError } from "../errors.ts";

/** The text is no term: says at which character, what was expected there and what stands there. */
export class TermSyntaxError extends BeamError {
  readonly code = "BEAM_SYNTAX";
  /** Where in the text, in UTF-16 units from 0. */
  readonly offset: number;

  constructor(message: string, offset: number, remedy: string) {
    super(message, { remedy });
    this.offset = offset;
  }
}
