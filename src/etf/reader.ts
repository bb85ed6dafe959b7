/** Reads one term from bytes: every tag of erl_ext_dist, within limits. */

import {
  type Atom,
  atom,
  Bitstring,
  ExternalFun,
  Float,
  Fun,
  listWithTail,
  Pid,
  Port,
  Reference,
  type Term,
  TermMap,
  Tuple,
} from "../term/index.ts";
import { readBig } from "./big.ts";
import { DecodeError } from "./errors.ts";
import { DEFAULT_LIMITS, type DecodeLimits } from "./limits.ts";
import { TAG } from "./tags.ts";

/** Binaries from this size on are views of the input, smaller ones are copies that do not pin it. */
const VIEW_FROM = 4096;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A cursor over one message. `atoms` are the references of its distribution header. */
export class TermReader {
  offset: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: DecodeLimits;
  readonly #atoms: readonly Atom[] | undefined;
  readonly #buffer: Buffer;
  #depth = 0;
  #elements = 0;

  constructor(
    bytes: Uint8Array,
    offset = 0,
    limits: DecodeLimits = DEFAULT_LIMITS,
    atoms?: readonly Atom[],
  ) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
    this.#limits = limits;
    this.#atoms = atoms;
    if (bytes.length - offset > limits.maxBytes) {
      throw this.#error(`a term of ${bytes.length - offset} bytes is over ${limits.maxBytes}`);
    }
  }

  /** The next term, without a version byte. @throws DecodeError */
  read(): Term {
    const tag = this.#u8();
    switch (tag) {
      case TAG.SMALL_INTEGER:
        return this.#u8();
      case TAG.INTEGER:
        this.#need(4);
        this.offset += 4;
        return this.#view.getInt32(this.offset - 4);
      case TAG.NEW_FLOAT:
        return this.#newFloat();
      case TAG.FLOAT:
        return this.#oldFloat();
      case TAG.ATOM_CACHE_REF:
        return this.#cached();
      case TAG.SMALL_ATOM_UTF8:
        return this.#atom(this.#u8(), true);
      case TAG.ATOM_UTF8:
        return this.#atom(this.#u16(), true);
      case TAG.SMALL_ATOM:
        return this.#atom(this.#u8(), false);
      case TAG.ATOM:
        return this.#atom(this.#u16(), false);
      case TAG.SMALL_TUPLE:
        return new Tuple(this.#many(this.#u8()));
      case TAG.LARGE_TUPLE:
        return new Tuple(this.#many(this.#u32()));
      case TAG.NIL:
        return [];
      case TAG.STRING:
        return this.#string();
      case TAG.LIST:
        return this.#list();
      case TAG.MAP:
        return this.#map();
      case TAG.BINARY:
        return this.#binary(this.#u32());
      case TAG.BIT_BINARY:
        return this.#bitBinary();
      case TAG.SMALL_BIG:
        return this.#big(this.#u8());
      case TAG.LARGE_BIG:
        return this.#big(this.#u32());
      case TAG.NEW_PID:
        return new Pid(this.#node(), this.#u32(), this.#u32(), this.#u32());
      case TAG.PID:
        return new Pid(this.#node(), this.#u32(), this.#u32(), this.#u8());
      case TAG.V4_PORT:
        return this.#port(8, true);
      case TAG.NEW_PORT:
        return this.#port(4, true);
      case TAG.PORT:
        return this.#port(4, false);
      case TAG.NEWER_REFERENCE:
        return this.#reference(true);
      case TAG.NEW_REFERENCE:
        return this.#reference(false);
      case TAG.REFERENCE: {
        const node = this.#node();
        const id = this.#u32();
        return new Reference(node, this.#u8(), [id]);
      }
      case TAG.NEW_FUN:
        return this.#fun();
      case TAG.EXPORT:
        return this.#export();
      default:
        this.offset--;
        throw this.#error(`tag ${tag} is ${REFUSED[tag] ?? "unknown"}`);
    }
  }

  #many(count: number): Term[] {
    this.#enter(count, 1);
    const items: Term[] = new Array(count);
    for (let at = 0; at < count; at++) items[at] = this.read();
    this.#depth--;
    return items;
  }

  #list(): Term {
    let items = this.#many(this.#u32());
    // A tail that is a list itself is legal, though no BEAM writes it: it is flattened here, by a loop.
    for (;;) {
      if (this.#peek() === TAG.NIL) {
        this.offset++;
        return items;
      }
      if (this.#peek() !== TAG.LIST) break;
      this.offset++;
      const more = this.#many(this.#u32());
      if (more.length > 0) items = items.concat(more);
    }
    this.#depth++;
    const tail = this.read();
    this.#depth--;
    return items.length === 0 ? tail : listWithTail(items, tail);
  }

  #string(): Term[] {
    const length = this.#u16();
    this.#need(length);
    const items: number[] = new Array(length);
    for (let at = 0; at < length; at++) items[at] = this.#bytes[this.offset + at] as number;
    this.offset += length;
    return items;
  }

  #map(): TermMap {
    const count = this.#u32();
    this.#enter(count, 2);
    const pairs: [Term, Term][] = new Array(count);
    for (let at = 0; at < count; at++) pairs[at] = [this.read(), this.read()];
    this.#depth--;
    const map = new TermMap(pairs);
    if (map.size !== count) throw this.#error("a map has a key twice");
    return map;
  }

  #binary(length: number): Uint8Array {
    this.#need(length);
    const from = this.offset;
    this.offset += length;
    return length >= VIEW_FROM
      ? this.#bytes.subarray(from, from + length)
      : this.#bytes.slice(from, from + length);
  }

  #bitBinary(): Uint8Array | Bitstring {
    const length = this.#u32();
    const bits = this.#u8();
    if (bits < 1 || bits > 8 || length === 0) throw this.#error(`a bit string with ${bits} bits`);
    const bytes = this.#binary(length);
    if (bits === 8) return bytes;
    const clean = Uint8Array.from(bytes);
    (clean[length - 1] as number) &= 0xff << (8 - bits);
    return new Bitstring(clean, bits);
  }

  #big(length: number): number | bigint {
    if (length > this.#limits.maxBigBytes) throw this.#error(`an integer of ${length} bytes`);
    const sign = this.#u8();
    if (sign > 1) throw this.#error("an integer with a sign that is no sign");
    this.#need(length);
    const value = readBig(this.#bytes, this.offset, length, sign === 1);
    this.offset += length;
    return value;
  }

  #newFloat(): Float {
    this.#need(8);
    const value = this.#view.getFloat64(this.offset);
    if (!Number.isFinite(value)) throw this.#error("a float that is not finite");
    this.offset += 8;
    return new Float(value);
  }

  #oldFloat(): Float {
    this.#need(31);
    const text = this.#buffer.toString("latin1", this.offset, this.offset + 31);
    const value = Number(text.replace(/\0+$/, ""));
    if (!Number.isFinite(value) || text.startsWith("\0")) throw this.#error("a malformed float");
    this.offset += 31;
    return new Float(value);
  }

  #atom(length: number, unicode: boolean): Atom {
    this.#need(length);
    const from = this.offset;
    this.offset += length;
    if (!unicode) return atom(this.#buffer.toString("latin1", from, this.offset));
    return this.#utf8Atom(from, length);
  }

  #utf8Atom(from: number, length: number): Atom {
    let ascii = true;
    for (let at = from; at < from + length && ascii; at++)
      ascii = (this.#bytes[at] as number) < 128;
    if (ascii && length < 256) return atom(this.#buffer.toString("latin1", from, from + length));
    let name: string;
    try {
      name = utf8.decode(this.#bytes.subarray(from, from + length));
    } catch {
      throw this.#error("an atom that is not UTF-8");
    }
    if (length > 255 && [...name].length > 255) throw this.#error("an atom over 255 characters");
    return atom(name);
  }

  #cached(): Atom {
    const found = this.#atoms?.[this.#u8()];
    if (found === undefined) throw this.#error("an atom reference that the header does not have");
    return found;
  }

  #node(): Atom {
    const tag = this.#u8();
    if (tag === TAG.ATOM_CACHE_REF) return this.#cached();
    if (tag === TAG.SMALL_ATOM_UTF8) return this.#atom(this.#u8(), true);
    if (tag === TAG.ATOM_UTF8) return this.#atom(this.#u16(), true);
    if (tag === TAG.SMALL_ATOM) return this.#atom(this.#u8(), false);
    if (tag === TAG.ATOM) return this.#atom(this.#u16(), false);
    throw this.#error("an atom was expected");
  }

  #port(size: 4 | 8, wide: boolean): Port {
    const node = this.#node();
    this.#need(size);
    const id =
      size === 8 ? this.#view.getBigUint64(this.offset) : BigInt(this.#view.getUint32(this.offset));
    this.offset += size;
    return new Port(node, id, wide ? this.#u32() : this.#u8());
  }

  #reference(wide: boolean): Reference {
    const words = this.#u16();
    if (words < 1 || words > 5) throw this.#error(`a reference of ${words} words`);
    const node = this.#node();
    const creation = wide ? this.#u32() : this.#u8();
    const ids: number[] = new Array(words);
    for (let at = 0; at < words; at++) ids[at] = this.#u32();
    return new Reference(node, creation, ids);
  }

  #export(): ExternalFun {
    const module = this.#node();
    const name = this.#node();
    const arity = this.read();
    if (typeof arity !== "number" || arity < 0 || arity > 255) throw this.#error("a fun's arity");
    return new ExternalFun(module, name, arity);
  }

  #fun(): Fun {
    const start = this.offset;
    const size = this.#u32();
    const arity = this.#u8();
    this.#need(16);
    const unique = this.#bytes.slice(this.offset, this.offset + 16);
    this.offset += 16;
    const index = this.#u32();
    const count = this.#u32();
    const module = this.#node();
    const oldIndex = this.read();
    const oldUnique = this.read();
    const creator = this.read();
    if (
      typeof oldIndex !== "number" ||
      typeof oldUnique !== "number" ||
      !(creator instanceof Pid)
    ) {
      throw this.#error("a malformed fun");
    }
    const free = this.#many(count);
    if (this.offset !== start + size) throw this.#error("a fun of another size than it says");
    return new Fun({ arity, unique, index, module, oldIndex, oldUnique, creator, free });
  }

  #enter(count: number, each: number): void {
    this.#need(count * each);
    if (++this.#depth > this.#limits.maxDepth) {
      throw this.#error(`terms nested deeper than ${this.#limits.maxDepth}`);
    }
    this.#elements += count * each;
    if (this.#elements > this.#limits.maxElements) {
      throw this.#error(`more than ${this.#limits.maxElements} elements`);
    }
  }

  #peek(): number {
    this.#need(1);
    return this.#bytes[this.offset] as number;
  }

  #u8(): number {
    this.#need(1);
    return this.#bytes[this.offset++] as number;
  }

  #u16(): number {
    this.#need(2);
    this.offset += 2;
    return this.#view.getUint16(this.offset - 2);
  }

  #u32(): number {
    this.#need(4);
    this.offset += 4;
    return this.#view.getUint32(this.offset - 4);
  }

  #need(count: number): void {
    if (count > this.#bytes.length - this.offset) throw this.#error("the bytes end too early");
  }

  #error(message: string): DecodeError {
    return new DecodeError(message, this.offset);
  }
}

const REFUSED: Readonly<Record<number, string>> = {
  [TAG.COMPRESSED]: "compressed inside another term",
  [TAG.FUN]: "FUN_EXT, which no OTP writes since R8",
  [TAG.LOCAL]: "LOCAL_EXT, which only its own node can read",
};
