/** The order of map keys, in which `~k` and `~K` show them: the order of terms, with all integers before all floats. */

import { Atom } from "./atom.ts";
import { MAX_TEXT_DEPTH } from "./limits.ts";
import type { Term } from "./term.ts";
import { TermMap } from "./term-map.ts";
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

type Compare = (left: Term, right: Term) => number;

/**
 * Below, above or equal to zero as `left` comes before, behind or together with `right`, as `erts_internal:cmp_term/2`
 * has it. What is nested deeper than is printed does not count.
 */
export function compareTerms(left: Term, right: Term, level = 0): number {
  const rank = rankOf(left) - rankOf(right);
  if (rank !== 0 || left === right || level > MAX_TEXT_DEPTH) return rank;
  const inner: Compare = (one, other) => compareTerms(one, other, level + 1);
  return compareLeaves(left, right) ?? compareNested(left, right, inner);
}

function rankOf(term: Term): number {
  if (typeof term === "number" || typeof term === "bigint") return 0;
  if (term instanceof Float) return 1;
  if (term instanceof Atom) return 2;
  if (term instanceof Reference) return 3;
  if (term instanceof Fun) return 4;
  if (term instanceof ExternalFun) return 5;
  if (term instanceof Port) return 6;
  if (term instanceof Pid) return 7;
  if (term instanceof Tuple) return 8;
  if (term instanceof TermMap) return 9;
  if (Array.isArray(term)) return term.length === 0 ? 10 : 11;
  return term instanceof ImproperList ? 11 : 12;
}

// Both are of the same rank.
function compareLeaves(left: Term, right: Term): number | undefined {
  if (typeof left === "number" || typeof left === "bigint") return sign(left, right as number);
  if (left instanceof Float) return compareFloats(left.value, (right as Float).value);
  if (left instanceof Atom) return compareAtoms(left, right as Atom);
  if (left instanceof Pid) return comparePids(left, right as Pid);
  if (left instanceof Port) return comparePorts(left, right as Port);
  if (left instanceof Reference) return compareReferences(left, right as Reference);
  if (left instanceof ExternalFun) return compareExternal(left, right as ExternalFun);
  if (left instanceof Uint8Array || left instanceof Bitstring) {
    return compareBits(left, right as Uint8Array | Bitstring);
  }
  return undefined;
}

function compareNested(left: Term, right: Term, inner: Compare): number {
  if (left instanceof Tuple) {
    const { items } = right as Tuple;
    return left.size - items.length || compareItems(left.items, items, inner);
  }
  if (left instanceof TermMap) return compareMaps(left, right as TermMap, inner);
  if (left instanceof Fun) return compareFuns(left, right as Fun, inner);
  return compareLists(left, right, inner);
}

function compareItems(left: readonly Term[], right: readonly Term[], inner: Compare): number {
  const size = Math.min(left.length, right.length);
  for (let index = 0; index < size; index++) {
    const order = inner(left[index] as Term, right[index] as Term);
    if (order !== 0) return order;
  }
  return 0;
}

function compareLists(left: Term, right: Term, inner: Compare): number {
  const [items, tail] = listParts(left);
  const [others, otherTail] = listParts(right);
  const order = compareItems(items, others, inner);
  if (order !== 0) return order;
  // The longer one goes on as a list where the other one has its tail.
  const rest = (all: readonly Term[], end: Term, from: number): Term =>
    all.length > from ? [0] : end;
  return inner(rest(items, tail, others.length), rest(others, otherTail, items.length));
}

function listParts(list: Term): readonly [readonly Term[], Term] {
  return list instanceof ImproperList ? [list.items, list.tail] : [list as readonly Term[], []];
}

// All keys first, each from the lowest on, then their values.
function compareMaps(left: TermMap, right: TermMap, inner: Compare): number {
  if (left.size !== right.size) return left.size - right.size;
  const sorted = (map: TermMap) => [...map].sort(([one], [other]) => inner(one, other));
  const pairs = sorted(left);
  const others = sorted(right);
  const part = (all: readonly (readonly [Term, Term])[], at: 0 | 1) => all.map((pair) => pair[at]);
  return (
    compareItems(part(pairs, 0), part(others, 0), inner) ||
    compareItems(part(pairs, 1), part(others, 1), inner)
  );
}

function compareFuns(left: Fun, right: Fun, inner: Compare): number {
  return (
    compareAtoms(left.module, right.module) ||
    left.oldIndex - right.oldIndex ||
    left.oldUnique - right.oldUnique ||
    left.free.length - right.free.length ||
    compareItems(left.free, right.free, inner)
  );
}

function compareExternal(left: ExternalFun, right: ExternalFun): number {
  return (
    compareAtoms(left.module, right.module) ||
    compareAtoms(left.function, right.function) ||
    left.arity - right.arity
  );
}

function compareAtoms(left: Atom, right: Atom): number {
  return Buffer.compare(left.utf8, right.utf8);
}

function compareFloats(left: number, right: number): number {
  // Two keys since OTP 27: minus zero comes first.
  return sign(left, right) || Number(Object.is(right, -0)) - Number(Object.is(left, -0));
}

function comparePids(left: Pid, right: Pid): number {
  return left.serial - right.serial || left.id - right.id || compareNodes(left, right);
}

function comparePorts(left: Port, right: Port): number {
  return compareNodes(left, right) || sign(left.id, right.id);
}

// The words count from the last one on; words of zero at the end are as if not there.
function compareReferences(left: Reference, right: Reference): number {
  const nodes = compareNodes(left, right);
  if (nodes !== 0) return nodes;
  for (let index = Math.max(left.ids.length, right.ids.length) - 1; index >= 0; index--) {
    const order = (left.ids[index] ?? 0) - (right.ids[index] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

type Identifier = Pid | Port | Reference;

function compareNodes(left: Identifier, right: Identifier): number {
  return compareAtoms(left.node, right.node) || left.creation - right.creation;
}

// Bit by bit; where one is the beginning of the other it comes first.
function compareBits(left: Uint8Array | Bitstring, right: Uint8Array | Bitstring): number {
  const [bytes, size] = bitsOf(left);
  const [others, otherSize] = bitsOf(right);
  const common = Math.min(size, otherSize);
  const whole = common >> 3;
  const order = Buffer.compare(bytes.subarray(0, whole), others.subarray(0, whole));
  if (order !== 0) return order;
  const shift = 8 - (common & 7);
  const rest = ((bytes[whole] ?? 0) >> shift) - ((others[whole] ?? 0) >> shift);
  return rest || size - otherSize;
}

function bitsOf(term: Uint8Array | Bitstring): readonly [Uint8Array, number] {
  if (term instanceof Uint8Array) return [term, term.length * 8];
  return [term.bytes, term.bytes.length * 8 - 8 + term.bits];
}

function sign(left: number | bigint, right: number | bigint): number {
  if (left === right) return 0;
  return left < right ? -1 : left > right ? 1 : 0;
}
