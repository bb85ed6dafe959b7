/** The message behind a control message, decoded only if somebody wants it. */

import { DEFAULT_LIMITS, type DecodeLimits, type Destination, TermReader } from "../etf/index.ts";
import type { Atom, Term } from "../term/index.ts";
import { ProtocolError } from "./errors.ts";

/**
 * An encoded message; its bytes are valid only during the handler's call, unless {@link Payload.keep} was called.
 * @example
 * import { Payload } from "beamctl/dist";
 * import { encode } from "beamctl/etf";
 * import { atom } from "beamctl/term";
 *
 * const payload = new Payload(encode(atom("pong")).subarray(1)); // without the version byte
 * payload.decode(); // => :pong
 */
export class Payload {
  #bytes: Uint8Array;
  readonly #atoms: readonly Atom[];
  readonly #limits: DecodeLimits;
  #owned: boolean;
  readonly #sender: Destination | undefined;

  constructor(
    bytes: Uint8Array,
    atoms: readonly Atom[] = [],
    limits: DecodeLimits = DEFAULT_LIMITS,
    owned = true,
    sender?: Destination,
  ) {
    this.#bytes = bytes;
    this.#atoms = atoms;
    this.#limits = limits;
    this.#owned = owned;
    this.#sender = sender;
  }

  /** How many bytes it is in External Term Format. */
  get byteLength(): number {
    return this.#bytes.length;
  }

  /** Copies the bytes if they are a view of the socket's buffer, so that they can be decoded later. */
  keep(): this {
    if (!this.#owned) {
      this.#bytes = Uint8Array.from(this.#bytes);
      this.#owned = true;
    }
    return this;
  }

  /**
   * The term.
   * @throws DecodeError when the bytes are no term within the limits
   */
  decode(): Term {
    // A large binary is handed out as a view, which must not be one of the socket's buffer.
    const reader = new TermReader(this.keep().#bytes, 0, this.#limits, this.#atoms, this.#sender);
    const term = reader.read();
    if (reader.offset !== this.#bytes.length) throw new ProtocolError("bytes behind a message");
    return term;
  }
}
