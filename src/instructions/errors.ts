/** Why an instruction aborts an upgrade. */

import { BeamError, type BeamErrorOptions } from "../errors.ts";

/** An instruction found that the upgrade cannot go on; `instruction` names it. */
export class InstructionError extends BeamError {
  readonly code = "BEAM_UPGRADE";
  readonly instruction: string;

  constructor(instruction: string, message: string, options: BeamErrorOptions = {}) {
    super(`${instruction}: ${message}`, options);
    this.instruction = instruction;
  }
}
