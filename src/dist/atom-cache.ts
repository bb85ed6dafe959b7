/** The atom caches of a link, one for each direction, as distribution headers fill them. erl_ext_dist, "Distribution Header". */

import type { Destination } from "../etf/index.ts";
import { type Atom, atom, atomCount } from "../term/index.ts";
import { ProtocolError } from "./errors.ts";

const SLOTS = 2048;
const EMPTY = new Uint8Array(1);
/** In a header's flags: the slot gets another atom. */
const FRESH = 8 << 8;
/** The slots of the header that is being made. */
const slots = new Uint16Array(255);
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The 2048 slots that headers fill and refer to; headers must be read in the order of their arrival. */
export class AtomCache {
  readonly #slots: (Atom | undefined)[] = new Array(SLOTS);

  /**
   * Reads `Count:1 Flags:⌈(Count+1)/2⌉ Refs`: each reference has four flag bits (new entry, segment), the half byte behind the
   * last tells whether atom lengths have two bytes.
   * @param offset where the count stands
   * @returns the atoms in the order of the references, and where the terms begin
   */
  read(
    frame: Buffer,
    offset: number,
    sender?: Pick<Destination, "newAtoms">,
  ): { atoms: Atom[]; offset: number } {
    const count = byte(frame, offset);
    if (count === 0) return { atoms: [], offset: offset + 1 };
    const before = atomCount();
    const flagsAt = offset + 1;
    const half = (index: number) => (byte(frame, flagsAt + (index >> 1)) >> ((index & 1) * 4)) & 15;
    const long = (half(count) & 1) === 1;
    let at = flagsAt + (count >> 1) + 1;
    const atoms: Atom[] = new Array(count);
    for (let index = 0; index < count; index++) {
      const bits = half(index);
      const slot = (bits & 7) * 256 + byte(frame, at++);
      if ((bits & 8) !== 0) {
        const length = long ? byte(frame, at) * 256 + byte(frame, at + 1) : byte(frame, at);
        at += long ? 2 : 1;
        if (at + length > frame.length) throw new ProtocolError("a header's atom is cut short");
        this.#slots[slot] = this.#atom(frame.subarray(at, at + length));
        at += length;
      }
      const found = this.#slots[slot];
      if (found === undefined) throw new ProtocolError("a header refers to an empty cache slot");
      atoms[index] = found;
    }
    if (sender !== undefined) sender.newAtoms += atomCount() - before;
    return { atoms, offset: at };
  }

  #atom(bytes: Buffer): Atom {
    let name: string;
    try {
      name = strict.decode(bytes);
    } catch {
      throw new ProtocolError("a header's atom is not UTF-8");
    }
    return atom(name);
  }
}

function byte(frame: Buffer, at: number): number {
  const value = frame[at];
  if (value === undefined) throw new ProtocolError("a distribution header is cut short");
  return value;
}

/** The cache that we keep in the other side: which atom is in which of its slots. Headers must be written in the order in which they are made. */
export class SentAtoms {
  readonly #slots = new Map<Atom, number>();
  readonly #held: Atom[] = [];
  #next = 0;

  /** `Count:1 Flags Refs` for the atoms of a message, which has at most 255 of them. */
  header(atoms: readonly Atom[]): Uint8Array {
    const count = atoms.length;
    if (count === 0) return EMPTY;
    const flagBytes = (count >> 1) + 1;
    let size = 1 + flagBytes + count;
    let lengthBytes = 1;
    let news = 0;
    for (let index = 0; index < count; index++) {
      const atom = atoms[index] as Atom;
      const known = this.#slots.get(atom);
      slots[index] = known ?? this.#take(atom) | FRESH;
      if (known !== undefined) continue;
      news += 1;
      size += atom.utf8.length;
      if (atom.utf8.length > 0xff) lengthBytes = 2;
    }
    const out = Buffer.alloc(size + news * lengthBytes);
    out[0] = count;
    let at = 1 + flagBytes;
    for (let index = 0; index < count; index++) {
      const slot = slots[index] as number;
      const flags = 1 + (index >> 1);
      out[flags] = (out[flags] as number) | ((slot >> 8) << ((index & 1) * 4));
      out[at++] = slot;
      if (slot < FRESH) continue;
      const { utf8 } = atoms[index] as Atom;
      out.writeUIntBE(utf8.length, at, lengthBytes);
      out.set(utf8, at + lengthBytes);
      at += lengthBytes + utf8.length;
    }
    // The half byte behind the last one tells how long the lengths are.
    const last = 1 + (count >> 1);
    if (lengthBytes === 2) out[last] = (out[last] as number) | (1 << ((count & 1) * 4));
    return out;
  }

  // One atom after the other; a slot that is used again forgets its atom.
  #take(atom: Atom): number {
    const slot = this.#next;
    this.#next = (slot + 1) % SLOTS;
    const former = this.#held[slot];
    if (former !== undefined) this.#slots.delete(former);
    this.#held[slot] = atom;
    this.#slots.set(atom, slot);
    return slot;
  }
}
