import { describe, expect, it } from "vitest";
import {
  atom,
  Bitstring,
  binary,
  charlist,
  equals,
  Float,
  Fun,
  ImproperList,
  listWithTail,
  Pid,
  Reference,
  type Term,
  TermMap,
  tuple,
} from "../../src/term/index.ts";

const node = atom("a@b");
const fun = (unique: number, oldUnique: number, creator: number) =>
  new Fun({
    arity: 1,
    unique: Uint8Array.of(unique, ...new Array(15).fill(0)),
    index: 1,
    module: atom("m"),
    oldIndex: 1,
    oldUnique,
    creator: new Pid(node, creator, 0, 1),
    free: [],
  });

describe("equals", () => {
  it.each<[Term, Term]>([
    [5n, 5],
    [[5n], [5]],
    [new TermMap([[1, 2]]), new TermMap([[1n, 2]])],
    [new Bitstring(Uint8Array.of(0xff), 3), new Bitstring(Uint8Array.of(0xe0), 3)],
    [new Reference(node, 1, [1, 2, 3]), new Reference(node, 1, [1, 2, 3, 0, 0])],
    [fun(1, 2, 3), fun(1, 2, 4)],
    [listWithTail([1], [2]), [1, 2]],
    [listWithTail([1], new ImproperList([2], 3)), new ImproperList([1, 2], 3)],
    [charlist("a"), [97]],
  ])("case %#: the same", (left, right) => {
    expect(equals(left, right)).toBe(true);
  });

  it.each<[Term, Term]>([
    [1, new Float(1)],
    [new Float(0), new Float(-0)],
    [2n ** 53n, 2n ** 53n + 1n],
    [[2n ** 53n], [2n ** 53n + 1n]],
    [binary("a"), charlist("a")],
    [atom("a"), binary("a")],
    [[], tuple()],
    [[], binary("")],
    [Uint8Array.of(0xe0), new Bitstring(Uint8Array.of(0xe0), 3)],
    [new Pid(node, 1, 2, 3), new Pid(node, 1, 2, 4)],
    [new Reference(node, 1, [1]), new Reference(node, 1, [0, 1])],
    [tuple(1, tuple(2)), tuple(tuple(1), 2)],
    [
      [binary("a"), binary("b")],
      [binary("ab"), binary("")],
    ],
    // The digits of one field must not run into the next.
    [fun(0x35, 1, 1), fun(0, 15, 1)],
  ])("case %#: different", (left, right) => {
    expect(equals(left, right)).toBe(false);
  });

  it("holds on terms deeper than the call stack", () => {
    const deep = (leaf: Term) => {
      let term = leaf;
      for (let level = 0; level < 100_000; level++) term = tuple(term);
      return term;
    };
    expect(equals(deep(1), deep(1))).toBe(true);
    expect(equals(deep(1), deep(2))).toBe(false);
  });
});

describe("TermMap", () => {
  it("finds values by keys of any kind", () => {
    const map = new TermMap([
      [tuple(node, [1, 2]), 1],
      [new Float(1), 2],
      [1, 3],
      [binary("k"), 4],
    ]);
    expect(map.get(tuple(node, [1, 2]))).toBe(1);
    expect(map.get(new Float(1))).toBe(2);
    expect(map.get(1n)).toBe(3);
    expect(map.get(binary("k"))).toBe(4);
    expect(map.has(charlist("k"))).toBe(false);
  });

  it("keeps the last of two equal keys", () => {
    const map = new TermMap([
      [1, atom("a")],
      [1n, atom("b")],
    ]);
    expect(map.size).toBe(1);
    expect(map.get(1)).toBe(atom("b"));
  });
});

describe("an improper list", () => {
  it("refuses a tail that is a list", () => {
    expect(() => new ImproperList([1], [])).toThrow("no list itself");
    expect(() => new ImproperList([1], new ImproperList([2], 3))).toThrow("no list itself");
  });
});
