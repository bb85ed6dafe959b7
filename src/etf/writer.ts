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
import type { AtomTable } from "./atom-table.ts";
import { writeAtom } from "./atoms.ts";
import { checkKeys, checkPid, checkPort, checkReference, type Destination } from "./destination.ts";
import { EncodeError } from "./errors.ts";
import { writeExport, writeFun } from "./funs.ts";
import { writePid, writePort, writeReference } from "./identifiers.ts";
import { MAX_DEPTH, MAX_TUPLE } from "./limits.ts";
import { writeBigint, writeFloat, writeNumber } from "./numbers.ts";
import { pathOf } from "./path.ts";
import { Refusal, whyNoTerm } from "./refusal.ts";
import { Sink } from "./sink.ts";
import { TAG } from "./tags.ts";

/** Longest list of bytes that a node writes as STRING. */
const MAX_STRING = 0xffff;
const MAX_U32 = 0xffff_ffff;

/**
 * Encodes terms one after another, without version bytes, into parts that are to be sent in order. After an error it is of no
 * more use.
 * @example
 * import { TermWriter } from "beamctl/etf";
 * import { atom } from "beamctl/term";
 *
 * const writer = new TermWriter();
 * writer.write(atom("ok"));
 * writer.write(1);
 * Buffer.concat(writer.parts()).toString("hex"); // => '77026f6b6101'
 */
export class TermWriter extends Sink {
  /** Which part of the term is being written at each level: where an error is. */
  readonly #steps: number[] = [];
  readonly #to: Destination | undefined;
  #depth = 0;

  /**
   * @param to the node that will read it: what it would call corrupt is refused. Default: any of OTP 27 and later.
   * @param atoms collects the atoms, which are then written by their number, for links with an atom cache
   */
  constructor(to?: Destination, atoms?: AtomTable) {
    super(atoms);
    this.#to = to;
  }

  /**
   * One term.
   * @throws EncodeError when a node would not accept it
   */
  write(term: Term): void {
    try {
      this.#term(term);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const path = pathOf(term, this.#steps.slice(0, this.#depth));
      throw new EncodeError(error.message, error.remedy, path);
    }
  }

  /** Terms one after another, one level deeper than the term that they are parts of. @throws Refusal */
  items(items: readonly Term[]): void {
    const depth = this.#enter();
    const steps = this.#steps;
    for (let at = 0; at < items.length; at++) {
      steps[depth] = at;
      this.#term(items[at] as Term);
    }
    this.#depth = depth;
  }

  #term(term: Term): void {
    if (typeof term === "number") writeNumber(this, term);
    else if (term instanceof Atom) writeAtom(this, term);
    else if (term instanceof Tuple) this.#tuple(term);
    else if (term instanceof Uint8Array) this.#binary(term);
    else if (Array.isArray(term)) this.#list(term as readonly Term[]);
    else if (term instanceof Pid) this.pid(term);
    else if (term instanceof TermMap) this.#map(term);
    else if (term instanceof Reference) this.#reference(term);
    else if (term instanceof Float) writeFloat(this, term);
    else if (typeof term === "bigint") writeBigint(this, term);
    else if (term instanceof ImproperList) this.#improper(term);
    else if (term instanceof Port) this.#port(term);
    else if (term instanceof Bitstring) this.#bitstring(term);
    else if (term instanceof ExternalFun) writeExport(this, term);
    else if (term instanceof Fun) writeFun(this, term);
    else throw whyNoTerm(term);
  }

  /** @throws Refusal */
  pid(term: Pid): void {
    writePid(this, term);
    if (this.#to !== undefined) checkPid(this.#to, term);
  }

  #reference(term: Reference): void {
    writeReference(this, term);
    if (this.#to !== undefined) checkReference(this.#to, term);
  }

  #port(term: Port): void {
    writePort(this, term, this.#to?.v4 !== false);
    if (this.#to !== undefined) checkPort(this.#to, term);
  }

  #binary(term: Uint8Array): void {
    this.#sized(TAG.BINARY, term.length);
    this.raw(term);
  }

  #bitstring(term: Bitstring): void {
    this.#sized(TAG.BIT_BINARY, term.bytes.length);
    this.u8(term.bits);
    this.raw(term.bytes);
  }

  #tuple({ items }: Tuple): void {
    const { length } = items;
    if (length > MAX_TUPLE) {
      throw new Refusal(`a tuple of ${length} elements`, `Nodes have up to ${MAX_TUPLE}.`);
    }
    if (length < 256) {
      this.u8(TAG.SMALL_TUPLE);
      this.u8(length);
    } else {
      this.u8(TAG.LARGE_TUPLE);
      this.u32(length);
    }
    this.items(items);
  }

  #list(items: readonly Term[]): void {
    if (items.length > 0 && isString(items)) {
      this.#string(items);
      return;
    }
    if (items.length > 0) {
      this.u8(TAG.LIST);
      this.u32(items.length);
      this.items(items);
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
    this.items(items);
    this.#steps[this.#enter()] = items.length;
    this.#term(tail);
    this.#depth--;
  }

  #map({ flat }: TermMap): void {
    if (this.#to !== undefined) checkKeys(this.#to, flat);
    this.#sized(TAG.MAP, flat.length / 2);
    this.items(flat);
  }

  #enter(): number {
    if (this.#depth < MAX_DEPTH) return this.#depth++;
    const remedy = "Send it in pieces; a value that contains itself is no term.";
    throw new Refusal(`terms nested deeper than ${MAX_DEPTH}`, remedy);
  }

  #sized(tag: number, size: number): void {
    if (size > MAX_U32) throw new Refusal(`a size of ${size}`, "Send it in pieces.");
    this.u8(tag);
    this.u32(size);
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
