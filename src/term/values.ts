/** The values of Erlang that JavaScript lacks, each an immutable class of its own. */

import { UsageError } from "../errors.ts";
import type { Atom } from "./atom.ts";
import type { Term } from "./term.ts";

/** A tuple. */
export class Tuple<T extends readonly Term[] = readonly Term[]> {
  readonly items: T;

  constructor(items: T) {
    this.items = items;
  }

  get size(): T["length"] {
    return this.items.length;
  }
}

/** The tuple of these elements. */
export function tuple<const T extends readonly Term[]>(...items: T): Tuple<T> {
  return new Tuple(items);
}

/** A process identifier: `id`, `serial` and `creation` are unsigned 32-bit integers. */
export class Pid {
  readonly node: Atom;
  readonly id: number;
  readonly serial: number;
  readonly creation: number;

  constructor(node: Atom, id: number, serial: number, creation: number) {
    this.node = node;
    this.id = id;
    this.serial = serial;
    this.creation = creation;
  }

  /** `<0.id.serial>`, the form a node prints of its own processes. */
  toString(): string {
    return `<0.${this.id}.${this.serial}>`;
  }
}

/** A reference: one to five unsigned 32-bit words. */
export class Reference {
  readonly node: Atom;
  readonly creation: number;
  readonly ids: readonly number[];

  constructor(node: Atom, creation: number, ids: readonly number[]) {
    if (ids.length < 1 || ids.length > 5) {
      throw new UsageError(`a reference has 1 to 5 words, not ${ids.length}`);
    }
    this.node = node;
    this.creation = creation;
    this.ids = ids;
  }
}

/** A port identifier: `id` is an unsigned 64-bit integer. */
export class Port {
  readonly node: Atom;
  readonly id: bigint;
  readonly creation: number;

  constructor(node: Atom, id: bigint, creation: number) {
    this.node = node;
    this.id = id;
    this.creation = creation;
  }
}

/** A float: a class of its own, since `1` and `1.0` are different terms. Always finite. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    if (!Number.isFinite(value)) throw new UsageError(`${value} is no Erlang float`);
    this.value = value;
  }
}

/** A bit string whose last byte holds only `bits` (1 to 7) used bits, the highest ones; the rest is zero. */
export class Bitstring {
  readonly bytes: Uint8Array;
  readonly bits: number;

  constructor(bytes: Uint8Array, bits: number) {
    if (bytes.length === 0 || !Number.isInteger(bits) || bits < 1 || bits > 7) {
      throw new UsageError("a bit string has at least one byte and 1 to 7 bits in its last");
    }
    this.bytes = bytes;
    this.bits = bits;
  }
}

/** A list with at least one element whose tail is no list, as `[1 | 2]`. */
export class ImproperList {
  readonly items: readonly Term[];
  readonly tail: Term;

  constructor(items: readonly Term[], tail: Term) {
    if (items.length === 0) throw new UsageError("an improper list has at least one element");
    this.items = items;
    this.tail = tail;
  }
}

/** `fun M:F/A`: plain data, it can be made here and called on any node. */
export class ExternalFun {
  readonly module: Atom;
  readonly function: Atom;
  readonly arity: number;

  constructor(module: Atom, fun: Atom, arity: number) {
    this.module = module;
    this.function = fun;
    this.arity = arity;
  }
}

/** A closure of some node: opaque here, but it goes back to a node as the very same fun. */
export class Fun {
  readonly arity: number;
  readonly unique: Uint8Array;
  readonly index: number;
  readonly module: Atom;
  readonly oldIndex: number;
  readonly oldUnique: number;
  readonly creator: Pid;
  readonly free: readonly Term[];

  constructor(fields: {
    arity: number;
    unique: Uint8Array;
    index: number;
    module: Atom;
    oldIndex: number;
    oldUnique: number;
    creator: Pid;
    free: readonly Term[];
  }) {
    this.arity = fields.arity;
    this.unique = fields.unique;
    this.index = fields.index;
    this.module = fields.module;
    this.oldIndex = fields.oldIndex;
    this.oldUnique = fields.oldUnique;
    this.creator = fields.creator;
    this.free = fields.free;
  }
}
