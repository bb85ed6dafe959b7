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
import { EncodeError } from "./errors.ts";
import { MAX_BIG_BYTES, MAX_DEPTH, MAX_TUPLE } from "./limits.ts";
import { pathOf, type Refusal, whyNoTerm } from "./refusal.ts";
import { putU32, Sink } from "./sink.ts";
import { TAG } from "./tags.ts";

/** Longest list of bytes that a node writes as STRING. */
const MAX_STRING = 0xffff;
const MAX_U32 = 0xffff_ffff;
const UNIQUE_BYTES = 16;

const eight = new Uint8Array(8);
const asFloat = new DataView(eight.buffer);

/**
 * Encodes terms one after another, without version bytes, into parts that are to be sent in order. After an error it is of no
 * more use.
 */
export class TermWriter extends Sink {
  #root: Term = 0;
  /** Which part of the term at each level is being written: where an error is. */
  readonly #steps: number[] = [];
  #depth = 0;

  /**
   * One term.
   * @throws EncodeError when a node would not accept it
   */
  write(term: Term): void {
    this.#root = term;
    this.#term(term);
  }

  #term(term: Term): void {
    if (typeof term === "number") this.#number(term);
    else if (term instanceof Atom) this.#atom(term);
    else if (term instanceof Tuple) this.#tuple(term);
    else if (term instanceof Uint8Array) this.#binary(term);
    else if (Array.isArray(term)) this.#list(term as readonly Term[]);
    else if (term instanceof Pid) this.#pid(term);
    else if (term instanceof TermMap) this.#map(term);
    else if (term instanceof Reference) this.#reference(term);
    else if (term instanceof Float) this.#float(term);
    else if (typeof term === "bigint") this.#bigint(term);
    else if (term instanceof ImproperList) this.#improper(term);
    else if (term instanceof Port) this.#port(term);
    else if (term instanceof Bitstring) this.#bitstring(term);
    else if (term instanceof ExternalFun) this.#export(term);
    else if (term instanceof Fun) this.#fun(term);
    else throw this.#refuse(whyNoTerm(term));
  }

  #number(value: number): void {
    this.room(5);
    const { bytes, at } = this;
    if ((value & 0xff) === value) {
      bytes[at] = TAG.SMALL_INTEGER;
      bytes[at + 1] = value;
      this.at = at + 2;
    } else if ((value | 0) === value) {
      bytes[at] = TAG.INTEGER;
      putU32(bytes, at + 1, value);
      this.at = at + 5;
    } else if (Number.isSafeInteger(value)) {
      this.#big(BigInt(value));
    } else {
      throw this.#refuse(whyNoTerm(value));
    }
  }

  #bigint(value: bigint): void {
    const small = Number(value);
    if (Number.isSafeInteger(small)) this.#number(small);
    else this.#big(value);
  }

  #big(value: bigint): void {
    const digits = (value < 0n ? -value : value).toString(16);
    const magnitude = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex").reverse();
    if (magnitude.length > MAX_BIG_BYTES) {
      throw this.#refuse({
        message: `an integer of ${magnitude.length} bytes`,
        remedy: `A node has integers of up to ${MAX_BIG_BYTES} bytes.`,
      });
    }
    if (magnitude.length < 256) {
      this.u8(TAG.SMALL_BIG);
      this.u8(magnitude.length);
    } else {
      this.u8(TAG.LARGE_BIG);
      this.u32(magnitude.length);
    }
    this.u8(value < 0n ? 1 : 0);
    this.raw(magnitude);
  }

  #float(term: Float): void {
    if (!Number.isFinite(term.value)) throw this.#refuse(whyNoTerm(term.value));
    asFloat.setFloat64(0, term.value);
    this.u8(TAG.NEW_FLOAT);
    this.raw(eight);
  }

  #atom(term: Atom): void {
    if (!(term instanceof Atom)) throw this.#refuse(whyNoTerm(term));
    const { utf8 } = term;
    const { length } = utf8;
    this.room(length + 3);
    const { bytes } = this;
    let { at } = this;
    if (length < 256) {
      bytes[at++] = TAG.SMALL_ATOM_UTF8;
    } else {
      bytes[at++] = TAG.ATOM_UTF8;
      bytes[at++] = length >>> 8;
    }
    bytes[at++] = length;
    for (let index = 0; index < length; index++) bytes[at++] = utf8[index] as number;
    this.at = at;
  }

  #binary(term: Uint8Array): void {
    this.#count(TAG.BINARY, term.length, "a binary");
    this.raw(term);
  }

  #bitstring(term: Bitstring): void {
    this.#count(TAG.BIT_BINARY, term.bytes.length, "a bit string");
    this.u8(term.bits);
    this.raw(term.bytes);
  }

  #tuple({ items }: Tuple): void {
    const { length } = items;
    if (length > MAX_TUPLE) {
      throw this.#refuse({
        message: `a tuple of ${length} elements`,
        remedy: `A node has tuples of up to ${MAX_TUPLE} elements.`,
      });
    }
    if (length < 256) {
      this.u8(TAG.SMALL_TUPLE);
      this.u8(length);
    } else {
      this.u8(TAG.LARGE_TUPLE);
      this.u32(length);
    }
    this.#items(items);
    this.#depth--;
  }

  #list(items: readonly Term[]): void {
    if (items.length > 0 && isString(items)) {
      this.#string(items);
      return;
    }
    if (items.length > 0) {
      this.u8(TAG.LIST);
      this.u32(items.length);
      this.#items(items);
      this.#depth--;
    }
    this.u8(TAG.NIL);
  }

  #string(items: readonly number[]): void {
    const { length } = items;
    this.room(length + 3);
    this.u8(TAG.STRING);
    this.u16(length);
    const { bytes, at } = this;
    for (let index = 0; index < length; index++) bytes[at + index] = items[index] as number;
    this.at = at + length;
  }

  #improper({ items, tail }: ImproperList): void {
    this.u8(TAG.LIST);
    this.u32(items.length);
    this.#items(items);
    this.#steps[this.#depth - 1] = items.length;
    this.#term(tail);
    this.#depth--;
  }

  #map({ flat }: TermMap): void {
    this.#count(TAG.MAP, flat.length / 2, "a map");
    this.#items(flat);
    this.#depth--;
  }

  /** One level deeper, which the caller leaves again. */
  #items(items: readonly Term[]): void {
    const depth = this.#depth++;
    if (depth >= MAX_DEPTH) {
      throw this.#refuse({
        message: `terms nested deeper than ${MAX_DEPTH}`,
        remedy: "Send it in pieces; a value that contains itself is no term.",
      });
    }
    const steps = this.#steps;
    for (let at = 0; at < items.length; at++) {
      steps[depth] = at;
      this.#term(items[at] as Term);
    }
  }

  #pid(term: Pid): void {
    if (!(term instanceof Pid)) throw this.#refuse(whyNoTerm(term));
    this.u8(TAG.NEW_PID);
    this.#atom(term.node);
    this.#word(term.id);
    this.#word(term.serial);
    this.#word(term.creation);
  }

  #port({ node, id, creation }: Port): void {
    if (typeof id !== "bigint" || BigInt.asUintN(64, id) !== id) {
      throw this.#refuse({
        message: "the id of a port is no unsigned 64-bit integer",
        remedy: "Use a bigint from 0 to 2^64 - 1.",
      });
    }
    this.u8(TAG.V4_PORT);
    this.#atom(node);
    this.u32(Number(id >> 32n));
    this.u32(Number(id & 0xffff_ffffn));
    this.#word(creation);
  }

  #reference({ node, creation, ids }: Reference): void {
    this.u8(TAG.NEWER_REFERENCE);
    this.u16(ids.length);
    this.#atom(node);
    this.#word(creation);
    for (let at = 0; at < ids.length; at++) this.#word(ids[at] as number);
  }

  #export(term: ExternalFun): void {
    this.u8(TAG.EXPORT);
    this.#atom(term.module);
    this.#atom(term.function);
    this.#number(this.#arity(term.arity));
  }

  #fun(term: Fun): void {
    if (!(term.unique instanceof Uint8Array) || term.unique.length !== UNIQUE_BYTES) {
      throw this.#refuse({
        message: "the unique value of a fun has not 16 bytes",
        remedy: "Only pass on funs that a node sent.",
      });
    }
    this.u8(TAG.NEW_FUN);
    this.u32(0);
    // The chunk may be another one when the size is known.
    const { bytes, at, byteLength } = this;
    this.u8(this.#arity(term.arity));
    this.raw(term.unique);
    this.#word(term.index);
    this.u32(term.free.length);
    this.#atom(term.module);
    this.#number(term.oldIndex);
    this.#number(term.oldUnique);
    this.#pid(term.creator);
    this.#items(term.free);
    this.#depth--;
    putU32(bytes, at - 4, this.byteLength - byteLength + 4);
  }

  #count(tag: number, count: number, what: string): void {
    if (count > MAX_U32) {
      throw this.#refuse({ message: `${what} of size ${count}`, remedy: "Send it in pieces." });
    }
    this.u8(tag);
    this.u32(count);
  }

  #word(value: number): void {
    if (typeof value !== "number" || value >>> 0 !== value) {
      throw this.#refuse({
        message: `${typeof value === "number" ? value : typeof value} in an identifier is no unsigned 32-bit integer`,
        remedy: "Only pass on pids, ports and references that a node sent.",
      });
    }
    this.u32(value);
  }

  #arity(value: number): number {
    if (typeof value === "number" && (value & 0xff) === value) return value;
    throw this.#refuse({ message: "an arity is from 0 to 255", remedy: "Correct the fun." });
  }

  #refuse({ message, remedy }: Refusal): EncodeError {
    return new EncodeError(message, remedy, pathOf(this.#root, this.#steps.slice(0, this.#depth)));
  }
}

function isString(items: readonly Term[]): items is readonly number[] {
  if (items.length > MAX_STRING) return false;
  for (let at = 0; at < items.length; at++) {
    const item = items[at];
    if (typeof item !== "number" || (item & 0xff) !== item) return false;
  }
  return true;
}
