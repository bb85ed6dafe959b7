/** The atom cache of received distribution headers. erl_ext_dist, "Distribution Header". */

import { type Atom, atom } from "../term/index.ts";
import { ProtocolError } from "./errors.ts";

const SLOTS = 2048;
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
  read(frame: Buffer, offset: number): { atoms: Atom[]; offset: number } {
    const count = byte(frame, offset);
    if (count === 0) return { atoms: [], offset: offset + 1 };
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
