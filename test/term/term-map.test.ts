import { describe, expect, it } from "vitest";
import { atom, binary, Float, type Term, TermMap, tuple } from "../../src/term/index.ts";

const simple: Term[] = [atom("a"), atom("b"), 1, -7, binary("a"), binary("b"), binary("")];
const others: Term[] = [new Float(1), tuple(1), [], [1], 2n ** 60n, new TermMap([[1, 2]])];
const many = Array.from({ length: 100 }, (_, at) => at * 3);

describe.each([
  ["few simple keys", simple],
  ["few keys of any kind", [...simple, ...others]],
  ["many keys", [...many, atom("a"), binary("a")]],
])("a map of %s", (_, keys) => {
  const map = new TermMap(keys.map((key, at) => [key, at]));

  it("finds each key, and no other", () => {
    expect(map.size).toBe(keys.length);
    for (const [at, key] of keys.entries()) {
      expect(map.get(key)).toBe(at);
      expect(map.has(key)).toBe(true);
    }
    for (const key of [atom("c"), 1.5, 10_000, binary("c"), tuple(2), new Float(-1)]) {
      expect(map.has(key)).toBe(false);
      expect(map.get(key)).toBe(undefined);
    }
  });

  it("keeps the order, and the last value of a key in its first place", () => {
    const again = new TermMap([...map, [keys[0] as Term, "last" as never]]);
    expect(again.keys()).toEqual(keys);
    expect(again.values()).toEqual(["last", ...map.values().slice(1)]);
    expect([...again]).toHaveLength(keys.length);
  });
});

describe("the keys of a map", () => {
  it("are the same by value, whatever holds them", () => {
    expect(new TermMap([[5n, 1]]).get(5)).toBe(1);
    expect(new TermMap([[5, 1]]).get(5n)).toBe(1);
    expect(new TermMap([[binary("x".repeat(100)), 1]]).get(Buffer.from("x".repeat(100)))).toBe(1);
  });

  it("are refused when they are no terms", () => {
    expect(() => new TermMap([["name" as never, 1]])).toThrow(/JavaScript string/);
  });
});
