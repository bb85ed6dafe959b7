/** From frames to messages: the atom cache, fragments, and the control message in front of each. */

import { DEFAULT_LIMITS, type DecodeLimits, type Destination, TermReader } from "../etf/index.ts";
import type { Atom } from "../term/index.ts";
import { AtomCache } from "./atom-cache.ts";
import type { Control } from "./control.ts";
import { decodeControl, hasPayload } from "./control-decode.ts";
import { ProtocolError } from "./errors.ts";
import { Fragments } from "./fragments.ts";
import { Payload } from "./payload.ts";
import type { SessionLimits } from "./session-types.ts";

/** Takes the frames of a link that is up. */
export class Inbox {
  readonly #cache = new AtomCache();
  readonly #fragments: Fragments;
  readonly #payload: DecodeLimits;
  readonly #control: DecodeLimits;
  readonly #message: (control: Control, payload: Payload | undefined) => void;
  #peer: Destination | undefined;

  constructor(
    limits: SessionLimits,
    message: (control: Control, payload: Payload | undefined) => void,
  ) {
    this.#fragments = new Fragments(limits.maxMessage, limits.maxSequences);
    this.#payload = { ...DEFAULT_LIMITS, ...limits.decode };
    // A reason in a control message may be kept for long, so nothing of it is a view of the socket's buffer.
    this.#control = { ...this.#payload, viewFrom: Number.POSITIVE_INFINITY };
    this.#message = message;
  }

  /** Gives up messages that were begun and not gone on with; to be called about once a second. */
  sweep(now: number, idle: number): void {
    this.#fragments.sweep(now, idle);
  }

  /** The node that frames come from, once the handshake has told. */
  set peer(peer: Destination) {
    this.#peer = peer;
  }

  /**
   * One frame that is no tick; `owned` says that nobody else writes to its bytes.
   * @throws ProtocolError DecodeError
   */
  frame(frame: Buffer, owned: boolean): void {
    if (frame[0] === 112) {
      if (frame[1] !== 131) throw new ProtocolError("a pass-through message without its version");
      this.#read(frame, 2, [], owned, true);
      return;
    }
    if (frame[0] !== 131) throw new ProtocolError(`a frame that begins with ${frame[0]}`);
    switch (frame[1]) {
      case 68: {
        const { atoms, offset } = this.#cache.read(frame, 2, this.#peer);
        this.#read(frame, offset, atoms, owned, false);
        return;
      }
      case 69: {
        const { sequence, number } = fragmentHead(frame);
        const { atoms, offset } = this.#cache.read(frame, 18, this.#peer);
        const part = owned ? frame.subarray(offset) : Buffer.from(frame.subarray(offset));
        this.#whole(this.#fragments.first(sequence, number, atoms, part));
        return;
      }
      case 70: {
        const { sequence, number } = fragmentHead(frame);
        const part = owned ? frame.subarray(18) : Buffer.from(frame.subarray(18));
        this.#whole(this.#fragments.next(sequence, number, part));
        return;
      }
      default:
        throw new ProtocolError(`a frame of the kind ${frame[1]}`);
    }
  }

  #whole(done: { atoms: readonly Atom[]; message: Buffer } | undefined): void {
    if (done !== undefined) this.#read(done.message, 0, done.atoms, true, false);
  }

  #read(
    frame: Buffer,
    offset: number,
    atoms: readonly Atom[],
    owned: boolean,
    versioned: boolean,
  ): void {
    const reader = new TermReader(frame, offset, this.#control, atoms, this.#peer);
    const term = reader.read();
    const control = decodeControl(term, (this.#peer as Destination).node, reader.offset - offset);
    let payload: Payload | undefined;
    if (hasPayload(control)) {
      const from = reader.offset + (versioned ? 1 : 0);
      if (from >= frame.length) throw new ProtocolError(`${control.type} without its message`);
      payload = new Payload(frame.subarray(from), atoms, this.#payload, owned, this.#peer);
    }
    this.#message(control, payload);
  }
}

function fragmentHead(frame: Buffer): { sequence: bigint; number: number } {
  if (frame.length < 18) throw new ProtocolError("a fragment that is cut short");
  const number = frame.readBigUInt64BE(10);
  if (number > 0xffff_ffffn) throw new ProtocolError("a message of too many fragments");
  return { sequence: frame.readBigUInt64BE(2), number: Number(number) };
}
