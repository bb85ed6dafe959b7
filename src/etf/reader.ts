/** Reads terms: the tags of erl_ext_dist, within limits. */

import { type Atom, Bitstring, listWithTail, type Term, TermMap, Tuple } from "../term/index.ts";
import { readAtom, readCachedAtom, readLatin1Atom, readUtf8Atom } from "./atoms.ts";
import { Cursor } from "./cursor.ts";
import type { Destination } from "./destination.ts";
import { readExport, readFun } from "./funs.ts";
import { readOldReference, readPid, readPort, readReference } from "./identifiers.ts";
import { DEFAULT_LIMITS, type DecodeLimits, MAX_DEPTH, MAX_TUPLE } from "./limits.ts";
import { readBig, readFloat, readFloatText } from "./numbers.ts";
import { TAG, whyRefused } from "./tags.ts";

const NO_ATOMS: readonly Atom[] = [];
/** Keys of maps within keys of maps are compared again at each level: no real term has its bytes in so many levels. */
const KEY_LEVELS = 4;
const KEY_BYTES = 64 * 1024;

/**
 * Reads the terms of one message one after another, without version bytes. After an error it is of no more use. Decoding is
 * linear in the bytes, and allocates in proportion to them.
 * @example
 * import { TermReader } from "beamctl/etf";
 *
 * const reader = new TermReader(Buffer.from("77026f6b6101", "hex"));
 * reader.read(); // => :ok
 * reader.read(); // => 1
 */
export class TermReader extends Cursor {
  readonly #limits: DecodeLimits;
  readonly #atoms: readonly Atom[];
  #levels: number;
  #elements: number;
  #keyBytes: number;

  /**
   * @param bytes the message
   * @param offset where the first term begins
   * @param atoms the atoms of the message's distribution header, for ATOM_CACHE_REF
   * @param sender learns from what it writes what it can read
   * @throws DecodeError when there are more bytes than `limits.maxBytes`
   */
  constructor(
    bytes: Uint8Array,
    offset = 0,
    limits: DecodeLimits = DEFAULT_LIMITS,
    atoms: readonly Atom[] = NO_ATOMS,
    sender?: Destination,
  ) {
    super(bytes, offset, sender);
    const size = bytes.length - offset;
    if (size > limits.maxBytes) {
      throw this.fail(`a term of ${size} bytes, over ${limits.maxBytes}`, "Raise maxBytes.");
    }
    this.#limits = limits;
    this.#atoms = atoms;
    this.#levels = Math.min(limits.maxDepth, MAX_DEPTH);
    // Every element takes at least a byte, so what is claimed beyond that is a lie.
    this.#elements = Math.min(limits.maxElements, size);
    this.#keyBytes = size * KEY_LEVELS + KEY_BYTES;
  }

  /**
   * The next term.
   * @throws DecodeError when the bytes are none, or are over a limit
   * @throws LimitError when the process holds too many different atoms
   */
  read(): Term {
    const tag = this.u8();
    switch (tag) {
      case TAG.SMALL_INTEGER:
        return this.u8();
      case TAG.INTEGER:
        return this.i32();
      case TAG.SMALL_ATOM_UTF8:
        return readUtf8Atom(this, this.u8());
      case TAG.ATOM_CACHE_REF:
        return readCachedAtom(this, this.#atoms);
      case TAG.SMALL_TUPLE:
        return this.#tuple(this.u8());
      case TAG.LARGE_TUPLE:
        return this.#tuple(this.u32());
      case TAG.NIL:
        return [];
      case TAG.LIST:
        return this.#list();
      case TAG.STRING:
        return this.#string();
      case TAG.MAP:
        return this.#map(this.u32());
      case TAG.BINARY:
        return this.#binary(this.u32());
      case TAG.NEW_PID:
        return readPid(this, this.#atoms, 4);
      case TAG.NEWER_REFERENCE:
        return readReference(this, this.#atoms, 4);
      case TAG.SMALL_BIG:
        return readBig(this, this.u8(), this.#limits.maxBigBytes);
      case TAG.LARGE_BIG:
        return readBig(this, this.u32(), this.#limits.maxBigBytes);
      case TAG.NEW_FLOAT:
        return readFloat(this);
      case TAG.BIT_BINARY:
        return this.#bitstring();
      case TAG.V4_PORT:
        return readPort(this, this.#atoms, 8, 4);
      case TAG.EXPORT:
        return readExport(this);
      case TAG.NEW_FUN:
        return this.#fun();
      case TAG.ATOM_UTF8:
        return readUtf8Atom(this, this.u16());
      default:
        return this.#old(tag);
    }
  }

  /** The atom that must stand here. @throws DecodeError */
  atom(): Atom {
    return readAtom(this, this.#atoms);
  }

  /** So many terms, one level deeper. @throws DecodeError */
  items(count: number): Term[] {
    this.#enter(count);
    const items: Term[] = new Array(count);
    for (let at = 0; at < count; at++) items[at] = this.read();
    this.#levels++;
    return items;
  }

  /** Tags that only nodes before OTP 26 and files of theirs have. */
  #old(tag: number): Term {
    switch (tag) {
      case TAG.ATOM:
        return readLatin1Atom(this, this.u16());
      case TAG.SMALL_ATOM:
        return readLatin1Atom(this, this.u8());
      case TAG.FLOAT:
        return readFloatText(this);
      case TAG.PID:
        return readPid(this, this.#atoms, 1);
      case TAG.NEW_PORT:
        return readPort(this, this.#atoms, 4, 4);
      case TAG.PORT:
        return readPort(this, this.#atoms, 4, 1);
      case TAG.NEW_REFERENCE:
        return readReference(this, this.#atoms, 1);
      case TAG.REFERENCE:
        return readOldReference(this, this.#atoms);
      default:
        this.offset--;
        throw this.fail(whyRefused(tag));
    }
  }

  #tuple(count: number): Tuple {
    if (count > MAX_TUPLE) throw this.fail(`a tuple of ${count} elements, over ${MAX_TUPLE}`);
    return new Tuple(this.items(count));
  }

  /** `Count:4 Item... Tail`. */
  #list(): Term {
    const items = this.items(this.u32());
    for (;;) {
      const tag = this.u8();
      if (tag === TAG.NIL) return items;
      if (tag !== TAG.LIST) break;
      // A list as the tail is legal, though no BEAM writes it: read on here, so that it nests no deeper.
      for (const item of this.items(this.u32())) items.push(item);
    }
    this.offset--;
    this.#enter(1);
    const tail = this.read();
    this.#levels++;
    return listWithTail(items, tail);
  }

  /** `Count:2 Byte...`: a list of small integers. */
  #string(): Term[] {
    const count = this.u16();
    const from = this.skip(count);
    this.#spend(count);
    const { bytes } = this;
    const items: Term[] = new Array(count);
    for (let at = 0; at < count; at++) items[at] = bytes[from + at] as number;
    return items;
  }

  /** `Count:4 (Key Value)...`. */
  #map(count: number): TermMap {
    this.#enter(count * 2);
    const flat: Term[] = new Array(count * 2);
    for (let at = 0; at < count * 2; at += 2) {
      const before = this.offset;
      flat[at] = this.read();
      this.#keyBytes -= this.offset - before;
      flat[at + 1] = this.read();
    }
    this.#levels++;
    if (this.#keyBytes < 0) throw this.fail("maps nested too deep as keys of maps");
    const map = new TermMap(undefined, flat);
    if (map.size !== count) throw this.fail("a map with a key that is there twice");
    return map;
  }

  #binary(length: number): Uint8Array {
    const from = this.skip(length);
    const { bytes } = this;
    return length < this.#limits.viewFrom
      ? bytes.slice(from, from + length)
      : bytes.subarray(from, from + length);
  }

  /** `Length:4 Bits:1 Byte...`: of the last byte only the highest bits count. */
  #bitstring(): Uint8Array | Bitstring {
    const length = this.u32();
    const bits = this.u8();
    if (bits < 1 || bits > 8) throw this.fail(`${bits} bits in the last byte of a bit string`);
    if (length === 0) throw this.fail("a bit string without bytes");
    const bytes = this.#binary(length);
    return bits === 8 ? bytes : new Bitstring(bytes, bits);
  }

  #fun(): Term {
    this.#enter(1);
    const fun = readFun(this);
    this.#levels++;
    return fun;
  }

  #enter(count: number): void {
    this.need(count);
    this.#spend(count);
    if (--this.#levels < 0) {
      const most = Math.min(this.#limits.maxDepth, MAX_DEPTH);
      throw this.fail(`terms nested deeper than ${most}`, `Raise maxDepth, up to ${MAX_DEPTH}.`);
    }
  }

  #spend(count: number): void {
    this.#elements -= count;
    if (this.#elements >= 0) return;
    const { maxElements } = this.#limits;
    if (this.bytes.length > maxElements) {
      throw this.fail(`over ${maxElements} elements, if it tells the truth`, "Raise maxElements.");
    }
    throw this.fail("more elements than there are bytes for them");
  }
}
