/** Patterns for terms: what matches, what binds, and what is said when it does not. */

import { describe, expect, expectTypeOf, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import {
  atom,
  binary,
  charlist,
  Float,
  listWithTail,
  parse,
  type Term,
  TermMap,
  TermSyntaxError,
  tuple,
} from "../../src/term/index.ts";
import { type TermBindings, type TermPattern, term } from "../../src/testing/index.ts";

const reply = parse('{:ok, %{id: 7, name: "Ann", tags: [:a, :b, :c], price: 1.5}}');

describe("term", () => {
  it("is used as its docstring says", () => {
    expect(term`{:ok, %{id: ${7}, name: name}}`.matches(reply)?.["name"]).toEqual(binary("Ann"));
    const list = term`[${(price: Term) => Number(price) > 0} | _]`;
    expect(list.matches([2, 3])).toEqual({});
    expect(list.matches([-2, 3])).toBeUndefined();
    const erlang = term.erlang`{ok, #{id := Id, parent := Id}}`;
    expect(erlang.matches(parse("{:ok, %{id: 1, parent: 1, x: 2}}"))).toEqual({ Id: 1 });
    expect(erlang.matches(parse("{:ok, %{id: 1, parent: 2}}"))).toBeUndefined();
  });

  it.each<[TermPattern, string, Record<string, Term> | undefined]>([
    [term`_`, ":x", {}],
    [term`x`, "{1}", { x: tuple(1) }],
    [term`{x, x}`, "{1, 1}", { x: 1 }],
    [term`{x, x}`, "{1, 1.0}", undefined],
    [term`{_x, _x, _}`, "{1, 1, 2}", {}],
    [term`{_x, _x}`, "{1, 2}", undefined],
    [term`{:ok}`, "{:ok, 1}", undefined],
    [term`[]`, "[]", {}],
    [term`[]`, "[1]", undefined],
    [term`[_]`, "[1]", {}],
    [term`[_]`, "[1 | 2]", undefined],
    [term`[a | rest]`, "[1, 2, 3]", { a: 1, rest: [2, 3] }],
    [term`[a, b | rest]`, "[1, 2]", { a: 1, b: 2, rest: [] }],
    [term`[a | rest]`, "[1 | 2]", { a: 1, rest: 2 }],
    [term`[a, b | _]`, "[1]", undefined],
    [term`[1 | ${[2, 3]}]`, "[1, 2, 3]", {}],
    [term`[a: x, b: _]`, "[a: 1, b: 2]", { x: 1 }],
    [term`%{}`, "%{a: 1}", {}],
    [term`%{a: %{}}`, "%{a: %{b: 1}}", {}],
    [term`%{a: 1}`, "%{a: 1, b: 2}", {}],
    [term`%{a: 1}`, "%{b: 2}", undefined],
    [term`%{"k" => v, 1 => _}`, '%{"k" => 2, 1 => 3}', { v: 2 }],
    [term`%{${tuple(1)} => v}`, "%{{1} => :v}", { v: atom("v") }],
    [term`${new TermMap([[atom("a"), 1]])}`, "%{a: 1, b: 2}", undefined],
    [term`%Shop.Cart{items: items}`, "%Shop.Cart{items: [], id: 1}", { items: [] }],
    [term`%Shop.Cart{}`, "%Shop.Other{}", undefined],
    [term`{Shop.Cart, nil, true}`, "{Shop.Cart, nil, true}", {}],
    [term`{nilly, true?}`, "{1, 2}", { nilly: 1, "true?": 2 }],
    [term`{${term`{:a, x}`}, x}`, "{{:a, 1}, 1}", { x: 1 }],
    [term`{${term`{:a, x}`}, x}`, "{{:a, 1}, 2}", undefined],
    [term`{${term.erlang`[A]`}, "\u{41}\n"}`, '{[1], "A\n"}', { A: 1 }],
    [term.erlang`{ok, "ab", _, $\{}`, '{:ok, ~c"ab", 0, 123}', {}],
    [term.erlang`#{a => _B, 'c d' := ${1}}`, '%{a: 2, "c d": 1}', {}],
    [term`name`, ":größe", { name: atom("größe") }],
    [term`größe`, "1", { größe: 1 }],
  ])("%s against %s", (pattern, value, bindings) => {
    expect(pattern.matches(parse(value))).toEqual(bindings);
    expect(pattern.explain(parse(value)) === undefined).toBe(bindings !== undefined);
  });

  it("compares as =:= does", () => {
    expect(term`1`.matches(new Float(1))).toBeUndefined();
    expect(term`"ab"`.matches(charlist("ab"))).toBeUndefined();
    expect(term`12345678901234567890`.matches(12345678901234567890n)).toEqual({});
  });

  it("tells where and why", () => {
    const positive = (price: Term) => Number(price) > 0;
    const cases: [TermPattern, Term, string, string, string][] = [
      [term`{:ok, %{id: 8}}`, reply, "elem(1).id", "8", "7"],
      [term`{:error, _}`, reply, "elem(0)", ":error", ":ok"],
      [term`{:ok, %{tags: [:a, :x | _]}}`, reply, "elem(1).tags[1]", ":x", ":b"],
      [term`{:ok, %{tags: [_]}}`, reply, "elem(1).tags", "a list of 1, [_]", "3, [:a, :b, :c]"],
      [
        term`{:ok, %{nope: x}}`,
        reply,
        "elem(1).nope",
        "x under this key",
        "a map with the keys [:id, :name, :tags, :price]",
      ],
      [term`{:ok}`, reply, "", "a tuple of 1, {:ok}", ""],
      [term`[_ | _]`, atom("x"), "", "[_ | _]", ":x"],
      [term`{x, [x]}`, tuple(1, [2]), "elem(1)[0]", "1, as x is at elem(0)", "2"],
      [term`{${positive}}`, tuple(-1), "elem(0)", `a value that ${"$"}{positive} accepts`, "-1"],
      [term`%{"k" => 1}`, parse('%{"k" => 2}'), '["k"]', "1", "2"],
      [term`{1, {2, 3}}`, parse("{1, {2, 4}}"), "elem(1).elem(1)", "3", "4"],
      [term`[1 | :x]`, listWithTail([1], atom("y")), "", "[1 | :x]", "[1 | :y]"],
      [term.erlang`{ok, #{id := 8}}`, reply, "elem(1).id", "8", "7"],
      [term.erlang`#{id := x}`, atom("EX"), "", "#{id := x}", "'EX'"],
    ];
    for (const [pattern, value, path, expected, got] of cases) {
      const found = pattern.explain(value);
      expect(found).toMatchObject({ path, expected });
      expect(found?.got).toContain(got);
    }
  });

  it("shows no huge terms", () => {
    const huge = tuple(
      atom("a"),
      Array.from({ length: 100_000 }, (_, index) => index + 1000),
    );
    const found = term`{:b, _}`.explain(huge);
    expect(found?.got).toBe(":a");
    expect(term`:b`.explain(huge)?.got.length).toBeLessThan(700);
    const long = binary("x".repeat(100_000));
    expect(term`:b`.explain(long)?.got.length).toBeLessThan(700);
    expect(term`%{a: ${long}, b: _}`.toString().length).toBeLessThan(1000);
  });

  it("is the term itself where it has no variables", () => {
    expect(term`{:ok, %{a: [1 | 2]}}`.toTerm()).toEqual(parse("{:ok, %{a: [1 | 2]}}"));
    expect(() => term`{:ok, _}`.toTerm()).toThrow("the pattern {:ok, _} is no term");
    expect(() => term`[1 | x]`.toTerm()).toThrow(UsageError);
    expect(() => term`%{a: x}`.toTerm()).toThrow(UsageError);
  });

  it("has a text", () => {
    const even = (value: Term) => Number(value) % 2 === 0;
    const text = String(term`{:ok, %Shop.Cart{id: ${even}, "k" => [1 | _]}, x, "t"}`);
    expect(text).toBe(`{:ok, %Shop.Cart{id: ${"$"}{even}, "k" => [1 | _]}, x, "t"}`);
    expect(String(term.erlang`{ok, #{a := X, "k" => 1}}`)).toBe('{ok, #{a := X, "k" := 1}}');
  });

  it("refuses what is no pattern, and says why", () => {
    expect(() => term`{:ok, `).toThrow(TermSyntaxError);
    expect(() => term`foo(1)`).toThrow("expected the end of the term");
    expect(() => term`%{x => 1}`).toThrow("the key of a map in a pattern must be a value");
    expect(() => term`{"a ${1}"}`).toThrow(
      /^the hole .\{0\} of the pattern .* stands inside a text/,
    );
    expect(() => term`{${"text" as unknown as Term}}`).toThrow(
      /^the hole .\{0\} of a pattern holds a JavaScript string, no term/,
    );
    expect(() => term`<<x, 1>>`).toThrow(TermSyntaxError);
    expect(() => parse("x")).toThrow("expected a term");
    expect(() => parse("X", { syntax: "erlang" })).toThrow("not a variable");
    expect(() => parse("#{a := 1}", { syntax: "erlang" })).toThrow(TermSyntaxError);
  });

  it("is typed", () => {
    expectTypeOf(term`_`).toEqualTypeOf<TermPattern>();
    expectTypeOf(term`_`.matches(1)).toEqualTypeOf<TermBindings | undefined>();
    // @ts-expect-error a JavaScript string is no term
    expect(() => term`${"x"}`).toThrow(UsageError);
  });
});
