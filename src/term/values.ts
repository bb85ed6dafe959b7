/** The values of Erlang that JavaScript lacks, each an immutable class of its own. */

import { UsageError } from "../errors.ts";
import type { Atom } from "./atom.ts";
import type { Term } from "./term.ts";

/**
 * A tuple.
 * @example
 * import { atom, type Term, Tuple, tuple } from "beamctl/term";
 *
 * const reply: Term = tuple(atom("ok"), 42);
 * reply instanceof Tuple && reply.items[0] === atom("ok"); // => true
 */
export class Tuple<T extends readonly Term[] = readonly Term[]> {
  readonly items: T;

  constructor(items: T) {
    this.items = items;
  }

  /** How many elements it has. */
  get size(): T["length"] {
    return this.items.length;
  }
}

/**
 * The tuple of these elements.
 * @example
 * import { atom, tuple } from "beamctl/term";
 *
 * tuple(atom("ok"), 42); // => {:ok, 42}
 * tuple(atom("ok"), 42).items[1]; // => 42
 */
export function tuple<const T extends readonly Term[]>(...items: T): Tuple<T> {
  return new Tuple(items);
}

/**
 * A process identifier: `id`, `serial` and `creation` are unsigned 32-bit integers.
 * @example
 * import { atom, Pid } from "beamctl/term";
 *
 * const found = await node.call("erlang", "whereis", [atom("Elixir.Shop.Cart")]);
 * if (found instanceof Pid) console.log(`${found} of ${found.node}`); // <0.412.0> of shop@localhost
 */
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

/**
 * A reference: one to five unsigned 32-bit words.
 * @example
 * import { atom, Reference } from "beamctl/term";
 *
 * new Reference(atom("shop@localhost"), 4, [1, 2, 3]); // => #Reference<0.3.2.1>
 */
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

/**
 * A port identifier: `id` is an unsigned 64-bit integer.
 * @example
 * import { Port } from "beamctl/term";
 *
 * const ports = await node.call("erlang", "ports", []);
 * console.log(Array.isArray(ports) && ports[0] instanceof Port); // true
 */
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

/**
 * A float: a class of its own, since `1` and `1.0` are different terms. Always finite.
 * @example
 * import { equals, Float } from "beamctl/term";
 *
 * new Float(1); // => 1.0
 * equals(new Float(1), 1); // => false
 */
export class Float {
  readonly value: number;

  constructor(value: number) {
    if (!Number.isFinite(value)) throw new UsageError(`${value} is no Erlang float`);
    this.value = value;
  }
}

/**
 * A bit string whose last byte holds only `bits` (1 to 7) used bits, the highest ones; the rest is zero
 * (set bits there are cleared in a copy, since they are no part of the term).
 * @example
 * import { Bitstring } from "beamctl/term";
 *
 * new Bitstring(Uint8Array.of(1, 0b1010_0000), 3); // => <<1, 5::size(3)>>
 */
export class Bitstring {
  readonly bytes: Uint8Array;
  readonly bits: number;

  constructor(bytes: Uint8Array, bits: number) {
    if (bytes.length === 0 || !Number.isInteger(bits) || bits < 1 || bits > 7) {
      throw new UsageError("a bit string has at least one byte and 1 to 7 bits in its last");
    }
    const last = bytes.length - 1;
    const used = (bytes[last] as number) & (0xff << (8 - bits));
    this.bytes = used === bytes[last] ? bytes : Uint8Array.from(bytes);
    if (this.bytes !== bytes) this.bytes[last] = used;
    this.bits = bits;
  }
}

/**
 * A list with at least one element whose tail is no list, as `[1 | 2]`; {@link listWithTail} takes any tail.
 * @example
 * import { ImproperList } from "beamctl/term";
 *
 * new ImproperList([1, 2], 3); // => [1, 2 | 3]
 */
export class ImproperList {
  readonly items: readonly Term[];
  readonly tail: Term;

  constructor(items: readonly Term[], tail: Term) {
    if (items.length === 0) throw new UsageError("an improper list has at least one element");
    if (Array.isArray(tail) || tail instanceof ImproperList) {
      throw new UsageError("the tail of an improper list is no list itself");
    }
    this.items = items;
    this.tail = tail;
  }
}

/**
 * The one form of `[...items | tail]`: an array when the tail is a proper list, else an {@link ImproperList}.
 * @example
 * import { listWithTail } from "beamctl/term";
 *
 * listWithTail([1, 2], [3]); // => [ 1, 2, 3 ]
 * listWithTail([1, 2], 3); // => [1, 2 | 3]
 */
export function listWithTail(items: readonly Term[], tail: Term): Term {
  if (items.length === 0) return tail;
  if (tail instanceof ImproperList) return new ImproperList(items.concat(tail.items), tail.tail);
  return Array.isArray(tail)
    ? items.concat(tail as readonly Term[])
    : new ImproperList(items, tail);
}

/**
 * `fun M:F/A`: plain data, it can be made here and called on any node.
 * @example
 * import { atom, ExternalFun } from "beamctl/term";
 *
 * const upcase = new ExternalFun(atom("Elixir.String"), atom("upcase"), 1); // => &String.upcase/1
 */
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

/**
 * A closure of some node: opaque here, but it goes back to a node as the very same fun.
 * @example
 * import { evaluate } from "beamctl";
 * import { Fun } from "beamctl/term";
 *
 * const next = await evaluate(node, "fn number -> number + 1 end");
 * if (next instanceof Fun) console.log(await node.call("erlang", "apply", [next, [41]])); // 42
 */
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
