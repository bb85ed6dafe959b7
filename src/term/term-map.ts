/** Term equality as `=:=` has it, and the maps that are looked up by it. */

import { Atom } from "./atom.ts";
import type { Term } from "./term.ts";
import {
  Bitstring,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  Pid,
  Port,
  Reference,
  Tuple,
} from "./values.ts";

/**
 * A value that JavaScript's `Map` finds equal for two terms exactly when `=:=` does. Atoms and integers are their own
 * keys; all else becomes a string, so its cost is linear in the size of the term.
 */
export function keyOf(term: Term): unknown {
  if (term instanceof Atom) return term;
  if (typeof term === "number") return term;
  if (typeof term === "bigint") return Number.isSafeInteger(Number(term)) ? Number(term) : term;
  return describe(term);
}

/** Whether two terms are the same, as `=:=` says: `1` is not `1.0`, and `0.0` is not `-0.0`. */
export function equals(left: Term, right: Term): boolean {
  return left === right || keyOf(left) === keyOf(right);
}

// Each form opens with its own letter and carries lengths, so that no two different terms write the same string.
function describe(term: Term): string {
  if (term instanceof Atom) return `a${term.name.length}:${term.name}`;
  if (typeof term === "number" || typeof term === "bigint") return `i${term};`;
  if (term instanceof Float) return `f${Object.is(term.value, -0) ? "-0" : term.value};`;
  if (term instanceof Uint8Array) return `b${term.length}:${latin1(term)}`;
  if (term instanceof Bitstring) return `B${term.bytes.length},${term.bits}:${latin1(term.bytes)}`;
  if (Array.isArray(term))
    return `l${term.length}:${(term as readonly Term[]).map(describe).join("")}`;
  if (term instanceof Tuple) return `t${term.items.length}:${term.items.map(describe).join("")}`;
  if (term instanceof Pid) {
    return `p${describe(term.node)}${term.id}.${term.serial}.${term.creation};`;
  }
  if (term instanceof Reference) {
    return `r${describe(term.node)}${term.creation}.${term.ids.join(".")};`;
  }
  if (term instanceof Port) return `o${describe(term.node)}${term.id}.${term.creation};`;
  if (term instanceof ImproperList) {
    return `L${term.items.length}:${term.items.map(describe).join("")}${describe(term.tail)}`;
  }
  if (term instanceof TermMap) {
    const pairs = Array.from(term, ([key, value]) => describe(key) + describe(value)).sort();
    return `m${pairs.length}:${pairs.join("")}`;
  }
  if (term instanceof ExternalFun) {
    return `e${describe(term.module)}${describe(term.function)}${term.arity};`;
  }
  if (term instanceof Fun) {
    const numbers = `${term.arity}.${term.index}.${term.oldIndex}.${term.oldUnique}`;
    const free = `${term.free.length}:${term.free.map(describe).join("")}`;
    return `F${describe(term.module)}${numbers}${latin1(term.unique)}${describe(term.creator)}${free}`;
  }
  throw new TypeError("not an Erlang term");
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/**
 * An immutable Erlang map that keeps the order in which its pairs were given. Of two pairs with equal keys the
 * last wins, as with `maps:from_list/1`. The index is made at the first look-up: decoding many maps stays cheap.
 */
export class TermMap implements Iterable<readonly [Term, Term]> {
  #pairs: readonly (readonly [Term, Term])[];
  #index: Map<unknown, readonly [Term, Term]> | undefined;

  constructor(pairs: Iterable<readonly [Term, Term]> = []) {
    this.#pairs = Array.isArray(pairs) ? pairs : [...pairs];
  }

  get size(): number {
    return this.#indexed().size;
  }

  get(key: Term): Term | undefined {
    return this.#indexed().get(keyOf(key))?.[1];
  }

  has(key: Term): boolean {
    return this.#indexed().has(keyOf(key));
  }

  /** The pairs, each key once. */
  entries(): IterableIterator<readonly [Term, Term]> {
    return this.#indexed().values();
  }

  keys(): Term[] {
    return Array.from(this.entries(), ([key]) => key);
  }

  values(): Term[] {
    return Array.from(this.entries(), ([, value]) => value);
  }

  [Symbol.iterator](): IterableIterator<readonly [Term, Term]> {
    return this.entries();
  }

  #indexed(): Map<unknown, readonly [Term, Term]> {
    if (this.#index === undefined) {
      this.#index = new Map(this.#pairs.map((pair) => [keyOf(pair[0]), pair]));
      this.#pairs = [];
    }
    return this.#index;
  }
}
