/** Why bytes are no term, or a value cannot be sent. */

import { BeamError } from "../errors.ts";

/** The bytes are no term within the limits; `offset` is where that was seen. */
export class DecodeError extends BeamError {
  readonly code = "BEAM_DECODE";
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(`${message} (at byte ${offset})`, {
      remedy: "The sender is no BEAM node, or a limit is too low for its data.",
    });
    this.offset = offset;
  }
}

/** The value is no Erlang term that a node would accept; nothing was written. */
export class EncodeError extends BeamError {
  readonly code = "BEAM_ENCODE";
}
