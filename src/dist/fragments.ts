/** Puts messages together that arrive in fragments, within bounds. erl_ext_dist, "Distribution Header for fragmented messages". */

import type { Atom } from "../term/index.ts";
import { ProtocolError } from "./errors.ts";

/** What a fragment costs beside its bytes: many empty ones must not be free. */
const OVERHEAD = 128;

interface Sequence {
  readonly atoms: readonly Atom[];
  readonly parts: Buffer[];
  bytes: number;
  next: number;
  /** Since when nothing came; `undefined` when something came since the last {@link Fragments.sweep}. */
  idleSince: number | undefined;
}

/** The messages under way; fragments of different sequences may interleave, those of one come in order, counting down to 1. */
export class Fragments {
  readonly #maxMessage: number;
  readonly #maxSequences: number;
  readonly #open = new Map<bigint, Sequence>();
  #bytes = 0;

  constructor(maxMessage: number, maxSequences: number) {
    this.#maxMessage = maxMessage;
    this.#maxSequences = maxSequences;
  }

  /** How many bytes are held, with what keeping them costs. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Gives up messages of which nothing came for `idle` milliseconds: no BEAM leaves one unfinished, others may, and would hold their
   * bytes for ever. A fragment that follows all the same ends the link.
   */
  sweep(now: number, idle: number): void {
    for (const [id, sequence] of this.#open) {
      sequence.idleSince ??= now;
      if (now - sequence.idleSince < idle) continue;
      this.#open.delete(id);
      this.#bytes -= sequence.bytes + sequence.parts.length * OVERHEAD;
    }
  }

  /** The first fragment, with `count` of them in all; its header's atoms serve the whole message. */
  first(
    sequence: bigint,
    count: number,
    atoms: readonly Atom[],
    part: Buffer,
  ): { atoms: readonly Atom[]; message: Buffer } | undefined {
    if (this.#open.has(sequence)) throw new ProtocolError("a fragment sequence that begins twice");
    if (this.#open.size >= this.#maxSequences) {
      throw new ProtocolError(`more than ${this.#maxSequences} fragmented messages at a time`);
    }
    const opened = { atoms, parts: [], bytes: 0, next: count, idleSince: undefined };
    this.#open.set(sequence, opened);
    return this.#add(sequence, opened, count, part);
  }

  /** A later fragment; the last one has the number 1. */
  next(
    sequence: bigint,
    number: number,
    part: Buffer,
  ): { atoms: readonly Atom[]; message: Buffer } | undefined {
    const opened = this.#open.get(sequence);
    if (opened === undefined) throw new ProtocolError("a fragment of a message that did not begin");
    return this.#add(sequence, opened, number, part);
  }

  #add(
    id: bigint,
    sequence: Sequence,
    number: number,
    part: Buffer,
  ): { atoms: readonly Atom[]; message: Buffer } | undefined {
    if (number !== sequence.next || number < 1) throw new ProtocolError("fragments out of order");
    sequence.next--;
    sequence.idleSince = undefined;
    sequence.parts.push(part);
    sequence.bytes += part.length;
    this.#bytes += part.length + OVERHEAD;
    if (this.#bytes > this.#maxMessage) {
      throw new ProtocolError(`fragmented messages of more than ${this.#maxMessage} bytes`);
    }
    if (number > 1) return undefined;
    this.#open.delete(id);
    this.#bytes -= sequence.bytes + sequence.parts.length * OVERHEAD;
    return { atoms: sequence.atoms, message: Buffer.concat(sequence.parts, sequence.bytes) };
  }
}
