/** Between plain values and terms, here and on a real node. */

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { type BeamNode, connect, RemoteError } from "../../src/node/index.ts";
import { atom, Float, inspect, parse, type Term, TermMap, tuple } from "../../src/term/index.ts";
import { evaluate, type JsResult, type JsValue, toJs, toTerm } from "../../src/testing/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

describe("toTerm", () => {
  it("turns plain values into terms", () => {
    const value = { name: "tea", price: 2.5, tags: ["hot"], sold: null };
    expect(inspect(toTerm(value))).toBe(
      '%{"name" => "tea", "price" => 2.5, "tags" => ["hot"], "sold" => nil}',
    );
    expect(inspect(toTerm(value, { keys: "atoms" }))).toBe(
      '%{name: "tea", price: 2.5, tags: ["hot"], sold: nil}',
    );
    const map = new Map<JsValue, JsValue>([
      [1, { a: true }],
      [atom("k"), [2n ** 70n]],
    ]);
    expect(inspect(toTerm(map))).toBe('%{1 => %{"a" => true}, :k => [1180591620717411303424]}');
    expect(toTerm(-0)).toEqual(new Float(-0));
    expect(inspect(toTerm([]))).toBe("[]");
    expect(inspect(toTerm(Object.create(null)))).toBe("%{}");
  });

  it("leaves terms as they are", () => {
    const terms: Term[] = [atom("ok"), tuple(1), new Float(1), new TermMap(), new Uint8Array([1])];
    expect(toTerm(terms)).toEqual(terms);
    for (const term of terms) expect(toTerm(term)).toBe(term);
  });

  it("takes the same value twice, but not within itself", () => {
    const same = { a: 1 };
    expect(inspect(toTerm([same, same]))).toBe('[%{"a" => 1}, %{"a" => 1}]');
    const round: Record<string, unknown> = {};
    round["inner"] = [round];
    expect(() => toTerm(round as JsValue)).toThrow(
      "a value that holds itself at inner[0] has no term",
    );
  });

  it.each([
    [undefined, "undefined has no term"],
    [{ a: [1, undefined] }, "undefined at a[1] has no term"],
    [Object.assign(new Array(3), { 0: 1, 2: 2 }), "undefined at [1] has no term"],
    [() => 1, "a function has no term"],
    [{ a: { b: Symbol("x") } }, "a symbol at a.b has no term"],
    [Number.NaN, "NaN has no term"],
    [Number.POSITIVE_INFINITY, "Infinity has no term"],
    [2 ** 53, "the inexact integer 9007199254740992 has no term"],
    [{ at: new Date(0) }, "a Date at at has no term"],
    [new Set([1]), "a Set has no term"],
    [new (class Cart {})(), "a Cart has no term"],
    [new Map([["k", undefined]]), "undefined at (value) has no term"],
  ])("refuses %o", (value, message) => {
    expect(() => toTerm(value as JsValue)).toThrow(UsageError);
    expect(() => toTerm(value as JsValue)).toThrow(message);
  });
});

describe("toJs", () => {
  it("gives plain values", () => {
    expect(toJs(parse('{:ok, %{name: "tea", price: 2.5, sold: nil}}'))).toEqual([
      "ok",
      { name: "tea", price: 2.5, sold: null },
    ]);
    expect(toJs(parse('[true, false, :undefined, ~c"a", 1.0]'))).toEqual([
      true,
      false,
      undefined,
      [97],
      1,
    ]);
    expect(toJs(parse('%{1 => :a, "b" => 2}'))).toEqual(
      new Map<unknown, unknown>([
        [1, "a"],
        ["b", 2],
      ]),
    );
    expect(toJs(parse('%{:a => 1, "a" => 2}'))).toBeInstanceOf(Map);
    expect(Object.keys(toJs(parse('%{"__proto__" => 1}')) as object)).toEqual(["__proto__"]);
    expect(toJs(new Uint8Array([255]))).toEqual(new Uint8Array([255]));
  });

  it("gives back what toTerm was given", () => {
    const leaf = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
    );
    const plain = fc.letrec<{ any: JsValue }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("any")),
        fc.dictionary(fc.string(), tie("any")),
      ),
    })).any;
    const exact = (value: unknown): boolean =>
      typeof value === "number"
        ? !Number.isInteger(value) || Number.isSafeInteger(value)
        : value === null || typeof value !== "object" || Object.values(value).every(exact);
    fc.assert(
      fc.property(plain.filter(exact), (value) => {
        expect(toJs(toTerm(value))).toEqual(value);
      }),
    );
  });
});

describe("evaluate", () => {
  let erl: BeamProcess;
  let shop: BeamNode;
  beforeAll(async () => {
    erl = await startErl({ otp: await provision("otp27"), elixir: "1" });
    shop = await connect(erl.name, { cookie: erl.cookie, address: `127.0.0.1:${erl.port}` });
  });
  afterAll(async () => {
    await shop?.close();
    await erl?.[Symbol.asyncDispose]();
  });

  it("gives Elixir plain bindings, and a plain value back", async () => {
    const doubled = await evaluate(shop, "Enum.map(prices, & &1 * 2)", {
      bindings: { prices: [1, 2.5] },
      as: "js",
    });
    expect(doubled).toEqual([2, 5]);
    const bindings = { cart: { items: ["tea"], paid: false } };
    expect(inspect(await evaluate(shop, '{cart["items"], cart["paid"]}', { bindings }))).toBe(
      '{["tea"], false}',
    );
    expect(inspect(await evaluate(shop, "cart.items", { bindings, keys: "atoms" }))).toBe(
      '["tea"]',
    );
  });

  it("gives Erlang the same", async () => {
    const options = { language: "erlang", bindings: { Prices: [1, 2.5] }, as: "js" } as const;
    expect(await evaluate(shop, "[P * 2 || P <- Prices]", options)).toEqual([2, 5]);
  });

  it("tells what raised, and sends nothing that has no term", async () => {
    await expect(evaluate(shop, 'raise "no"')).rejects.toThrow(RemoteError);
    const bindings = { at: new Date() as unknown as JsValue };
    await expect(evaluate(shop, "at", { bindings })).rejects.toThrow("a Date has no term");
  });

  it("has types", () => {
    const term = () => evaluate(shop, "1");
    expectTypeOf(term).returns.resolves.toEqualTypeOf<Term>();
    const js = () => evaluate(shop, "1", { as: "js" });
    expectTypeOf(js).returns.resolves.toEqualTypeOf<JsResult>();
    expectTypeOf<{ a: string[]; b: { c: number | null } }>().toExtend<JsValue>();
    expectTypeOf<Term>().toExtend<JsValue>();
    expectTypeOf<Date>().not.toExtend<JsValue>();
    expectTypeOf<undefined>().not.toExtend<JsValue>();
  });
});
