import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  Bitstring,
  ExternalFun,
  equals,
  Float,
  Fun,
  ImproperList,
  Pid,
  Port,
  Reference,
  type Term,
  TermMap,
  Tuple,
} from "../../src/term/index.ts";
import { keyOf } from "../../src/term/term-map.ts";
import { arbitraryTerm } from "../support/arbitrary-term.ts";

const any = arbitraryTerm();
// Few values, so that pairs are often equal or differ in one place.
const close = arbitraryTerm({
  kinds: ["integer", "float", "atom", "binary", "list", "tuple", "map", "improper-list"],
  maxDepth: 2,
});

describe("equality of terms", () => {
  it("holds between a term and a copy made of other objects", () => {
    fc.assert(
      fc.property(any, (term) => {
        const other = copy(term);
        expect(equals(term, other)).toBe(true);
        expect(new Map([[keyOf(term), 1]]).has(keyOf(other))).toBe(true);
        expect(new TermMap([[term, 1]]).get(other)).toBe(1);
      }),
      { numRuns: 1000 },
    );
  });

  it("is what comparing part by part says", () => {
    fc.assert(
      fc.property(close, close, (left, right) => {
        expect(equals(left, right)).toBe(same(left, right));
        expect(equals(new Tuple([left]), [left])).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it("sees every change of one part", () => {
    fc.assert(
      fc.property(
        fc.array(any, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        any,
        (items, at, other) => {
          const index = at % items.length;
          fc.pre(!same(items[index]!, other));
          expect(equals(new Tuple(items), new Tuple(items.with(index, other)))).toBe(false);
          expect(equals(items, items.with(index, other))).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("does not know the order of a map's pairs", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(any, any), { selector: ([key]) => keyOf(key) }),
        (pairs) => {
          expect(equals(new TermMap(pairs), new TermMap(pairs.toReversed()))).toBe(true);
        },
      ),
    );
  });
});

/** The same term in new objects, pairs of maps in reverse. */
function copy(term: Term): Term {
  if (Array.isArray(term)) return term.map(copy);
  if (term instanceof Tuple) return new Tuple(term.items.map(copy));
  if (term instanceof ImproperList) return new ImproperList(term.items.map(copy), copy(term.tail));
  if (term instanceof TermMap) {
    return new TermMap([...term].reverse().map(([key, value]) => [copy(key), copy(value)]));
  }
  if (term instanceof Uint8Array) return Uint8Array.from(term);
  if (term instanceof Bitstring) return new Bitstring(Uint8Array.from(term.bytes), term.bits);
  if (term instanceof Float) return new Float(term.value);
  if (term instanceof Pid) return new Pid(term.node, term.id, term.serial, term.creation);
  if (term instanceof Port) return new Port(term.node, term.id, term.creation);
  if (term instanceof Reference) return new Reference(term.node, term.creation, [...term.ids]);
  if (term instanceof ExternalFun) return new ExternalFun(term.module, term.function, term.arity);
  if (term instanceof Fun) return new Fun({ ...term, free: term.free.map(copy) });
  return term;
}

/** Equality of the kinds in `close` by recursion: slow, plain, and another way than the one that is tested. */
function same(left: Term, right: Term): boolean {
  if (left === right) return true;
  if (Array.isArray(left)) return Array.isArray(right) && sameAll(left, right);
  if (left instanceof Tuple) return right instanceof Tuple && sameAll(left.items, right.items);
  if (left instanceof Float) return right instanceof Float && Object.is(left.value, right.value);
  if (left instanceof Uint8Array) {
    return right instanceof Uint8Array && Buffer.from(left).equals(right);
  }
  if (left instanceof ImproperList) {
    return (
      right instanceof ImproperList &&
      sameAll(left.items, right.items) &&
      same(left.tail, right.tail)
    );
  }
  if (left instanceof TermMap) {
    if (!(right instanceof TermMap) || left.size !== right.size) return false;
    const others = [...right];
    return [...left].every((pair) => others.some((other) => sameAll(pair, other)));
  }
  return keyOf(left) === keyOf(right);
}

function sameAll(left: readonly Term[], right: readonly Term[]): boolean {
  return left.length === right.length && left.every((item, index) => same(item, right[index]!));
}
