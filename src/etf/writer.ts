/** Writes terms in the tags that current nodes write, and refuses what a node would call corrupt. */

import {
  Atom,
  Bitstring,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  Pid,
  Port,
  Reference,
  type Term,
  TermMap,
  Tuple,
} from "../term/index.ts";
import { magnitude } from "./big.ts";
import { EncodeError } from "./errors.ts";
import { TAG } from "./tags.ts";

const MAX_DEPTH = 1000;
const MAX_TUPLE = 16_777_215;
/** Binaries from this size on become parts of their own and are not copied. */
const PART_FROM = 16 * 1024;

/** A growing buffer of encoded terms. */
export class TermWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;
  #from = 0;
  #done: Uint8Array[] = [];
  #doneBytes = 0;
  #depth = 0;

  constructor(size = 256) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get byteLength(): number {
    return this.#doneBytes + this.#at - this.#from;
  }

  /** All that was written, as pieces to be sent one after the other. */
  parts(): Uint8Array[] {
    this.#cut();
    return this.#done;
  }

  u8(value: number): void {
    this.#room(1);
    this.#bytes[this.#at++] = value;
  }

  u16(value: number): void {
    this.#room(2);
    this.#view.setUint16(this.#at, value);
    this.#at += 2;
  }

  u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.#at, value);
    this.#at += 4;
  }

  raw(bytes: Uint8Array): void {
    if (bytes.length >= PART_FROM) {
      this.#cut();
      this.#done.push(bytes);
      this.#doneBytes += bytes.length;
      return;
    }
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** One term, without a version byte. @throws EncodeError */
  write(term: Term): void {
    if (typeof term === "number") return this.#integer(term);
    if (term instanceof Atom) return this.atom(term);
    if (term instanceof Tuple) return this.#tuple(term);
    if (Array.isArray(term)) return this.#list(term as readonly Term[], undefined);
    if (term instanceof Uint8Array) {
      this.u8(TAG.BINARY);
      this.u32(term.length);
      return this.raw(term);
    }
    if (term instanceof Pid) return this.pid(term);
    if (typeof term === "bigint") return this.#big(term);
    if (term instanceof TermMap) return this.#map(term);
    if (term instanceof Reference) return this.reference(term);
    if (term instanceof Float) {
      this.u8(TAG.NEW_FLOAT);
      this.#room(8);
      this.#view.setFloat64(this.#at, term.value);
      this.#at += 8;
      return;
    }
    if (term instanceof Port) {
      this.u8(TAG.V4_PORT);
      this.atom(term.node);
      this.#room(8);
      this.#view.setBigUint64(this.#at, term.id);
      this.#at += 8;
      return this.u32(word(term.creation));
    }
    if (term instanceof ImproperList) return this.#list(term.items, term.tail);
    if (term instanceof Bitstring) {
      this.u8(TAG.BIT_BINARY);
      this.u32(term.bytes.length);
      this.u8(term.bits);
      return this.raw(term.bytes);
    }
    if (term instanceof ExternalFun) {
      this.u8(TAG.EXPORT);
      this.atom(term.module);
      this.atom(term.function);
      return this.#integer(term.arity);
    }
    if (term instanceof Fun) return this.#fun(term);
    throw new EncodeError(`${describe(term)} is no Erlang term`, {
      remedy: "Use atom(), binary(), charlist(), tuple(), Float or TermMap.",
    });
  }

  atom(value: Atom): void {
    const { utf8 } = value;
    if (utf8.length < 256) {
      this.u8(TAG.SMALL_ATOM_UTF8);
      this.u8(utf8.length);
    } else {
      this.u8(TAG.ATOM_UTF8);
      this.u16(utf8.length);
    }
    this.raw(utf8);
  }

  pid(value: Pid): void {
    this.u8(TAG.NEW_PID);
    this.atom(value.node);
    this.u32(word(value.id));
    this.u32(word(value.serial));
    this.u32(word(value.creation));
  }

  reference(value: Reference): void {
    this.u8(TAG.NEWER_REFERENCE);
    this.u16(value.ids.length);
    this.atom(value.node);
    this.u32(word(value.creation));
    for (const id of value.ids) this.u32(word(id));
  }

  #integer(value: number): void {
    if (value >= 0 && value < 256 && Number.isInteger(value)) {
      this.u8(TAG.SMALL_INTEGER);
      return this.u8(value);
    }
    if ((value | 0) === value) {
      this.u8(TAG.INTEGER);
      return this.u32(value >>> 0);
    }
    if (!Number.isSafeInteger(value)) {
      throw new EncodeError(`${value} is no safe integer`, {
        remedy: "Use Float for floats and bigint for large integers.",
      });
    }
    this.#big(BigInt(value));
  }

  #big(value: bigint): void {
    const small = Number(value);
    if (Number.isSafeInteger(small) && (small | 0) === small) return this.#integer(small);
    const bytes = magnitude(value);
    if (bytes.length < 256) {
      this.u8(TAG.SMALL_BIG);
      this.u8(bytes.length);
    } else {
      this.u8(TAG.LARGE_BIG);
      this.u32(bytes.length);
    }
    this.u8(value < 0n ? 1 : 0);
    this.raw(bytes);
  }

  #tuple({ items }: Tuple): void {
    if (items.length > MAX_TUPLE) throw new EncodeError(`a tuple of ${items.length} elements`);
    if (items.length < 256) {
      this.u8(TAG.SMALL_TUPLE);
      this.u8(items.length);
    } else {
      this.u8(TAG.LARGE_TUPLE);
      this.u32(items.length);
    }
    this.#enter();
    for (const item of items) this.write(item);
    this.#depth--;
  }

  #list(items: readonly Term[], tail: Term | undefined): void {
    if (tail === undefined) {
      if (items.length === 0) return this.u8(TAG.NIL);
      if (items.length <= 0xffff && items.every(isByte)) {
        this.u8(TAG.STRING);
        this.u16(items.length);
        return this.raw(Uint8Array.from(items as readonly number[]));
      }
    }
    this.u8(TAG.LIST);
    this.u32(items.length);
    this.#enter();
    for (const item of items) this.write(item);
    if (tail === undefined) this.u8(TAG.NIL);
    else this.write(tail);
    this.#depth--;
  }

  #map(map: TermMap): void {
    this.u8(TAG.MAP);
    this.u32(map.size);
    this.#enter();
    for (const [key, value] of map) {
      this.write(key);
      this.write(value);
    }
    this.#depth--;
  }

  #fun(fun: Fun): void {
    this.u8(TAG.NEW_FUN);
    const inner = new TermWriter();
    inner.u8(fun.arity);
    inner.raw(fun.unique);
    inner.u32(fun.index);
    inner.u32(fun.free.length);
    inner.atom(fun.module);
    inner.#depth = this.#depth;
    inner.write(fun.oldIndex);
    inner.write(fun.oldUnique);
    inner.pid(fun.creator);
    inner.#enter();
    for (const term of fun.free) inner.write(term);
    this.u32(inner.byteLength + 4);
    for (const part of inner.parts()) this.raw(part);
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH) throw new EncodeError(`terms nested deeper than ${MAX_DEPTH}`);
  }

  #cut(): void {
    if (this.#at === this.#from) return;
    this.#done.push(this.#bytes.subarray(this.#from, this.#at));
    this.#doneBytes += this.#at - this.#from;
    this.#from = this.#at;
  }

  #room(count: number): void {
    if (this.#at + count <= this.#bytes.length) return;
    const kept = this.#at - this.#from;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, kept + count, 1024));
    grown.set(this.#bytes.subarray(this.#from, this.#at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
    this.#from = 0;
    this.#at = kept;
  }
}

function isByte(term: Term): boolean {
  return typeof term === "number" && (term & 0xff) === term;
}

function word(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffffffff) return value;
  throw new EncodeError(`${value} is no unsigned 32-bit integer`);
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return "a JavaScript string";
  if (typeof value === "object") return `an object (${value.constructor?.name ?? "no class"})`;
  return `a ${typeof value}`;
}
