/** Why bytes are no term, or a value cannot be sent. */

import { BeamError } from "../errors.ts";

/** The bytes are no term within the limits; `offset` is the byte where that was seen. */
export class DecodeError extends BeamError {
  readonly code = "BEAM_DECODE";
  readonly offset: number;

  constructor(
    message: string,
    offset: number,
    remedy = "Is the sender a BEAM node, and did all of its bytes arrive?",
  ) {
    super(`${message} (at byte ${offset})`, { remedy });
    this.offset = offset;
  }
}

/** The value is no term that a node would accept; nothing of it was written. */
export class EncodeError extends BeamError {
  readonly code = "BEAM_ENCODE";
  /** The JavaScript expression that leads to the value: `term.items[1].get(atom("name"))`. */
  readonly path: string;

  constructor(message: string, remedy: string, path: string) {
    super(path === "term" ? message : `${message}, at ${path}`, { remedy });
    this.path = path;
  }
}
