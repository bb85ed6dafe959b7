/** Bytes that are written one after another and never moved: what does not fit goes on in another chunk. */

import type { AtomTable } from "./atom-table.ts";

/** New writers begin in a window of a shared slab, so that a small message costs no allocation of its own. */
const SLAB_BYTES = 64 * 1024;
const WINDOW_BYTES = 512;
const MIN_CHUNK_BYTES = 4096;
const MAX_CHUNK_BYTES = 1024 * 1024;
/** Bytes from this size on become a part of their own and are not copied. */
const PART_FROM = 16 * 1024;
/** Below this a loop is faster than a call of `set`. */
const LOOP_BELOW = 32;

let slab = new Uint8Array(SLAB_BYTES);
let slabUsed = 0;

export class Sink {
  /** Where atoms are collected that are written by their number; `undefined` spells them out. */
  readonly atoms: AtomTable | undefined;
  /** The chunk that is written to, and where its next byte goes. */
  bytes: Uint8Array;
  at: number;
  #from: number;
  #end: number;
  readonly #parts: Uint8Array[] = [];
  #cutBytes = 0;

  constructor(atoms?: AtomTable) {
    this.atoms = atoms;
    if (slabUsed + WINDOW_BYTES > SLAB_BYTES) {
      slab = new Uint8Array(SLAB_BYTES);
      slabUsed = 0;
    }
    this.bytes = slab;
    this.at = slabUsed;
    this.#from = slabUsed;
    slabUsed += WINDOW_BYTES;
    this.#end = slabUsed;
  }

  /** How many bytes were written. */
  get byteLength(): number {
    return this.#cutBytes + this.at - this.#from;
  }

  /**
   * All that was written, to be sent one after another. Large binaries are the caller's own bytes, not copies: they must not
   * change before they are sent.
   */
  parts(): Uint8Array[] {
    this.#cut();
    // The rest of the window can serve the next writer, unless one has begun behind it.
    if (this.bytes === slab && this.#end === slabUsed) {
      slabUsed = this.at;
      this.#end = this.at;
    }
    return this.#parts;
  }

  /** Writes a byte. */
  u8(value: number): void {
    this.room(1);
    this.bytes[this.at++] = value;
  }

  /** Writes two bytes. */
  u16(value: number): void {
    this.room(2);
    this.bytes[this.at++] = value >>> 8;
    this.bytes[this.at++] = value;
  }

  /** Writes four bytes, signed or not. */
  u32(value: number): void {
    this.room(4);
    const { bytes, at } = this;
    putU32(bytes, at, value);
    this.at = at + 4;
  }

  /** Writes these bytes as they are. */
  raw(source: Uint8Array): void {
    const { length } = source;
    if (length >= PART_FROM) {
      this.#cut();
      this.#parts.push(source);
      this.#cutBytes += length;
      return;
    }
    this.room(length);
    const { bytes, at } = this;
    if (length < LOOP_BELOW) {
      for (let index = 0; index < length; index++) bytes[at + index] = source[index] as number;
    } else {
      bytes.set(source, at);
    }
    this.at = at + length;
  }

  /** Makes sure that so many bytes fit at `at` in `bytes`. */
  room(count: number): void {
    if (this.at + count > this.#end) this.#grow(count);
  }

  #grow(count: number): void {
    this.#cut();
    const wanted = Math.min(MAX_CHUNK_BYTES, Math.max(MIN_CHUNK_BYTES, this.#cutBytes));
    this.bytes = new Uint8Array(Math.max(wanted, count));
    this.at = 0;
    this.#from = 0;
    this.#end = this.bytes.length;
  }

  #cut(): void {
    if (this.at === this.#from) return;
    this.#parts.push(this.bytes.subarray(this.#from, this.at));
    this.#cutBytes += this.at - this.#from;
    this.#from = this.at;
  }
}

/** Writes a 32-bit integer, signed or not, at a place where there is room. */
export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Whether this is an unsigned 32-bit integer. */
export function isU32(value: unknown): value is number {
  return typeof value === "number" && value >>> 0 === value;
}
