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
  return describeLeaf(term) ?? describe(term);
}

/** Whether two terms are the same, as `=:=` says: `1` is not `1.0`, and `0.0` is not `-0.0` (as since OTP 27). */
export function equals(left: Term, right: Term): boolean {
  if (left === right) return true;
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return left.length === right.length && Buffer.compare(left, right) === 0;
  }
  return keyOf(left) === keyOf(right);
}

/** Marks where a part of the output begins when first met, and folds that part into one string when met again. */
class Fold {
  start = -1;
  readonly sorted: boolean;

  constructor(sorted: boolean) {
    this.sorted = sorted;
  }
}

// Each form opens with its own letter and carries lengths, so that no two different terms write the same string.
// A stack of our own, not recursion: a term from a peer may be deeper than the call stack.
function describe(root: Term): string {
  const out: string[] = [];
  const work: (Term | Fold)[] = [root];
  while (work.length > 0) {
    const item = work.pop() as Term | Fold;
    if (!(item instanceof Fold)) {
      const leaf = describeLeaf(item);
      if (leaf === undefined) open(item, out, work);
      else out.push(leaf);
    } else if (item.start < 0) {
      item.start = out.length;
    } else {
      const parts = out.splice(item.start);
      out.push((item.sorted ? parts.sort() : parts).join(""));
    }
  }
  return out.length === 1 ? (out[0] as string) : out.join("");
}

function describeLeaf(term: Term): string | undefined {
  if (term instanceof Atom) return `a${term.name.length}:${term.name}`;
  if (typeof term === "number") return `i${term};`;
  if (typeof term === "bigint") {
    const small = Number(term);
    // Hexadecimal, since decimal costs more than linear time for large ones.
    return Number.isSafeInteger(small) ? `i${small};` : `h${term.toString(16)};`;
  }
  if (term instanceof Float) return `f${Object.is(term.value, -0) ? "-0" : term.value};`;
  if (term instanceof Uint8Array) return `b${term.length}:${latin1(term)}`;
  if (term instanceof Bitstring) return `B${term.bytes.length},${term.bits}:${latin1(term.bytes)}`;
  if (term instanceof Pid) {
    return `p${describeLeaf(term.node)}${term.id}.${term.serial}.${term.creation};`;
  }
  if (term instanceof Port) return `o${describeLeaf(term.node)}${term.id}.${term.creation};`;
  if (term instanceof Reference) {
    // Words of zero at the end do not count: an old node sends three words where a new one sends five.
    let count = term.ids.length;
    while (count > 1 && term.ids[count - 1] === 0) count--;
    return `r${describeLeaf(term.node)}${term.creation}.${term.ids.slice(0, count).join(".")};`;
  }
  if (term instanceof ExternalFun) {
    return `e${describeLeaf(term.module)}${describeLeaf(term.function)}${term.arity};`;
  }
  return undefined;
}

function open(term: Term, out: string[], work: (Term | Fold)[]): void {
  if (Array.isArray(term)) {
    out.push(`l${term.length}:`);
    pushAll(work, term);
  } else if (term instanceof Tuple) {
    out.push(`t${term.items.length}:`);
    pushAll(work, term.items);
  } else if (term instanceof ImproperList) {
    out.push(`L${term.items.length}:`);
    work.push(term.tail);
    pushAll(work, term.items);
  } else if (term instanceof TermMap) {
    out.push(`m${term.size}:`);
    const all = new Fold(true);
    work.push(all);
    for (const [key, value] of term) {
      const pair = new Fold(false);
      work.push(pair, value, key, pair);
    }
    work.push(all);
  } else if (term instanceof Fun) {
    // The creator is left out: a fun is the same whichever process made it.
    const { arity, index, oldIndex, oldUnique, unique } = term;
    out.push(`F${describeLeaf(term.module)}${arity}.${index}.${oldIndex}.${oldUnique};`);
    out.push(`${unique.length}:${latin1(unique)}${term.free.length}:`);
    pushAll(work, term.free);
  } else {
    throw new TypeError("not an Erlang term");
  }
}

function pushAll(work: (Term | Fold)[], items: readonly Term[]): void {
  for (let at = items.length - 1; at >= 0; at--) work.push(items[at] as Term);
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
