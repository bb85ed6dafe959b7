/** The matchers as vitest takes them, and the assertion for runners without. */

import { AssertionError } from "node:assert";
import { describe, expect, expectTypeOf, it } from "vitest";
import { atom, binary, Float, parse, type Term } from "../../src/term/index.ts";
import { assertTerm, type TermMatchers, term, termMatchers } from "../../src/testing/index.ts";

expect.extend(termMatchers);

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: the declaration that it merges with has it
  interface Matchers<T = any> extends TermMatchers<T> {}
}

const reply = parse('{:ok, %{id: 7, name: "Ann"}}');

/** What a failing assertion says. */
function saying(assert: () => void): string {
  try {
    assert();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it did not fail");
}

describe("termMatchers", () => {
  it("match and compare", () => {
    expect(reply).toMatchTerm(term`{:ok, %{name: _}}`);
    expect(reply).not.toEqualTerm(term`:error`);
    expect(reply).toMatchTerm(reply);
    expect(reply).toEqualTerm(parse('{:ok, %{name: "Ann", id: 7}}'));
    expect(1).not.toEqualTerm(new Float(1));
    expect(undefined).not.toMatchTerm(term`:undefined`);
  });

  it("say where a pattern does not match", () => {
    expect(saying(() => expect(reply).toMatchTerm(term`{:ok, %{name: "Bob", id: _}}`))).toBe(
      `expected a term that matches {:ok, %{name: "Bob", id: _}}
at elem(1).name
expected: "Bob"
got: "Ann"
whole term: {:ok, %{id: 7, name: "Ann"}}`,
    );
    expect(saying(() => expect("ok").toMatchTerm(term`:ok`))).toBe(
      'expected a term that matches :ok\nexpected: :ok\ngot: the JavaScript string "ok", which is no Erlang term',
    );
    expect(saying(() => expect(reply).not.toMatchTerm(term`{:ok, _}`))).toBe(
      'expected {:ok, %{id: 7, name: "Ann"}} not to match {:ok, _}',
    );
  });

  it("show terms that differ as lines", () => {
    const cart = (name: string, price: string) =>
      parse(
        `%{id: 1, town: "Exeter", street: "High Street", note: "none", items: [%{name: "${name}", price: ${price}}], last: :x, b: "some other text"}`,
      );
    expect(saying(() => expect(cart("tea", "1")).toEqualTerm(cart("tea", "1.0")))).toBe(
      `the terms differ at items[0].price: expected (-), got (+)
    street: "High Street",
    note: "none",
-   items: [%{name: "tea", price: 1.0}],
+   items: [%{name: "tea", price: 1}],
    last: :x,
    b: "some other text"
  ...`,
    );
    expect(saying(() => expect(null).toEqualTerm(reply))).toContain(
      "got: null, which is no Erlang term",
    );
  });

  it("are typed", () => {
    expectTypeOf(expect(reply).toMatchTerm).parameter(0).toExtend<Term | object>();
    // @ts-expect-error a JavaScript string is no term
    expect(() => expect(reply).toMatchTerm("x")).toThrow();
  });
});

describe("assertTerm", () => {
  it("gives the bindings", () => {
    const { id, name } = assertTerm(reply, term`{:ok, %{id: id, name: name}}`);
    expect([id, name]).toEqual([7, binary("Ann")]);
    expect(assertTerm(atom("ok"), atom("ok"))).toEqual({});
  });

  it("throws an AssertionError", () => {
    expect(() => assertTerm(reply, term`:error`)).toThrow(AssertionError);
    expect(saying(() => assertTerm(reply, atom("ok")))).toContain("the terms differ");
  });
});
