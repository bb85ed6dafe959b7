/** Term equality as `=:=` has it, and the maps that are looked up by it. */

import { UsageError } from "../errors.ts";
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

/** Whether `0.0` and `-0.0` differ, as since OTP 27, or are the same, as before. */
export type Zeros = "signed" | "same";

/**
 * A value that JavaScript's `Map` finds equal for two terms exactly when `=:=` does. Atoms and integers are their own
 * keys; all else becomes a string, so its cost is linear in the size of the term.
 * @example
 * import { binary, keyOf, type Term, tuple } from "beamctl/term";
 *
 * const prices = new Map<unknown, Term>([[keyOf(tuple(1, binary("tea"))), 3]]);
 * prices.get(keyOf(tuple(1, binary("tea")))); // => 3
 */
export function keyOf(term: Term, zeros: Zeros = "signed"): unknown {
  if (term instanceof Atom) return term;
  if (typeof term === "number") return term;
  if (typeof term === "bigint" && Number.isSafeInteger(Number(term))) return Number(term);
  // Large integers become text: `Map` hashes bigints by their lowest digit alone, and a peer could make all collide.
  return describeLeaf(term, zeros) ?? describe(term, zeros);
}

/**
 * Whether two terms are the same, as `=:=` says: `1` is not `1.0`, and `0.0` is not `-0.0` (as since OTP 27).
 * @example
 * import { equals, Float, tuple } from "beamctl/term";
 *
 * equals(tuple(1, [2]), tuple(1, [2])); // => true
 * equals(1, new Float(1)); // => false
 */
export function equals(left: Term, right: Term): boolean {
  if (left === right) return true;
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return sameBytes(left, right);
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
function describe(root: Term, zeros: Zeros): string {
  const out: string[] = [];
  const work: (Term | Fold)[] = [root];
  while (work.length > 0) {
    const item = work.pop() as Term | Fold;
    if (!(item instanceof Fold)) {
      const leaf = describeLeaf(item, zeros);
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

function describeLeaf(term: Term, zeros: Zeros = "signed"): string | undefined {
  if (term instanceof Atom) return `a${term.name.length}:${term.name}`;
  if (typeof term === "number") return `i${term};`;
  if (typeof term === "bigint") {
    const small = Number(term);
    // Hexadecimal, since decimal costs more than linear time for large ones.
    return Number.isSafeInteger(small) ? `i${small};` : `h${term.toString(16)};`;
  }
  if (term instanceof Float) {
    return `f${zeros === "signed" && Object.is(term.value, -0) ? "-0" : term.value};`;
  }
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
    throw new UsageError(`a JavaScript ${typeof term} is no Erlang term`, {
      remedy: 'Use atom("..."), binary("...") and the other values of beamctl/term.',
    });
  }
}

function pushAll(work: (Term | Fold)[], items: readonly Term[]): void {
  for (let at = items.length - 1; at >= 0; at--) work.push(items[at] as Term);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** Most pairs that are found by scanning, when the keys are simple; larger maps have an index. */
const MAX_SCANNED = 32;

/**
 * An immutable Erlang map that keeps the order in which its pairs were given. Of two pairs with equal keys the
 * last wins, as with `maps:from_list/1`.
 * @example
 * import { atom, binary, TermMap } from "beamctl/term";
 *
 * const cart = new TermMap([[atom("items"), [binary("tea")]], [1, atom("one")]]);
 * cart.get(atom("items")); // => [ Uint8Array(3) [ 116, 101, 97 ] ]
 * cart; // => %{:items => ["tea"], 1 => :one}
 */
export class TermMap implements Iterable<readonly [Term, Term]> {
  /** Key, value, key, value, each key once. Not to be written to. */
  readonly flat: readonly Term[];
  /** Where in `flat` a key stands; a few simple keys need none. */
  readonly #index: Map<unknown, number> | undefined;

  /**
   * @param pairs keys and values
   * @param flat for decoders instead of `pairs`: key, value, key, value in an array that nobody else keeps
   */
  constructor(pairs: Iterable<readonly [Term, Term]> = [], flat: Term[] = flatten(pairs)) {
    this.#index = isScannable(flat) ? undefined : keepOnce(flat);
    this.flat = flat;
  }

  /** How many pairs there are. */
  get size(): number {
    return this.flat.length / 2;
  }

  /** The value of this key, or `undefined`. */
  get(key: Term): Term | undefined {
    const at = this.#find(key);
    return at < 0 ? undefined : this.flat[at + 1];
  }

  /** Whether the key is there: `1` and `1.0` are two. */
  has(key: Term): boolean {
    return this.#find(key) >= 0;
  }

  /** The pairs, each key once. */
  *entries(): IterableIterator<readonly [Term, Term]> {
    const { flat } = this;
    for (let at = 0; at < flat.length; at += 2) yield [flat[at] as Term, flat[at + 1] as Term];
  }

  /** The keys, in the order of the pairs. */
  keys(): Term[] {
    return this.flat.filter((_, at) => at % 2 === 0);
  }

  /** The values, in the order of the pairs. */
  values(): Term[] {
    return this.flat.filter((_, at) => at % 2 === 1);
  }

  /** As {@link TermMap.entries}. */
  [Symbol.iterator](): IterableIterator<readonly [Term, Term]> {
    return this.entries();
  }

  #find(key: Term): number {
    if (this.#index !== undefined) return this.#index.get(keyOf(key)) ?? -1;
    return find(this.flat, this.flat.length, key instanceof Uint8Array ? key : keyOf(key));
  }
}

function flatten(pairs: Iterable<readonly [Term, Term]>): Term[] {
  const flat: Term[] = [];
  for (const [key, value] of pairs) flat.push(key, value);
  return flat;
}

/** Whether these are few pairs with different keys that are all atoms, small integers or binaries. */
function isScannable(flat: readonly Term[]): boolean {
  if (flat.length > MAX_SCANNED * 2) return false;
  for (let at = 0; at < flat.length; at += 2) {
    const key = flat[at];
    const simple = key instanceof Atom || typeof key === "number" || key instanceof Uint8Array;
    if (!simple || find(flat, at, key) >= 0) return false;
  }
  return true;
}

/** Where a simple key stands among the first `end` items, or -1. */
function find(flat: readonly Term[], end: number, key: unknown): number {
  if (key instanceof Uint8Array) {
    for (let at = 0; at < end; at += 2) {
      const other = flat[at];
      if (other instanceof Uint8Array && sameBytes(other, key)) return at;
    }
  } else {
    for (let at = 0; at < end; at += 2) if (flat[at] === key) return at;
  }
  return -1;
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  const { length } = left;
  if (length !== right.length) return false;
  if (length > 64) return Buffer.compare(left, right) === 0;
  for (let at = 0; at < length; at++) if (left[at] !== right[at]) return false;
  return true;
}

/** The index of these pairs; a key's later pairs are moved to its first place. */
function keepOnce(flat: Term[]): Map<unknown, number> {
  const index = new Map<unknown, number>();
  let end = 0;
  for (let at = 0; at < flat.length; at += 2) {
    const key = keyOf(flat[at] as Term);
    const known = index.get(key);
    const to = known ?? end;
    flat[to] = flat[at] as Term;
    flat[to + 1] = flat[at + 1] as Term;
    if (known !== undefined) continue;
    index.set(key, end);
    end += 2;
  }
  flat.length = end;
  return index;
}
