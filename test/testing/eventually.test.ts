/** Expressions that hold at some time, on real nodes. */

import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import type { BeamNode } from "../../src/node/index.ts";
import { evaluate, SourceError } from "../../src/otp/index.ts";
import { atom, type Term, tuple } from "../../src/term/index.ts";
import { eventually, process, term, termMatchers, WaitError } from "../../src/testing/index.ts";
import { type ShopNode, startShopNode } from "./shop-node.ts";

expect.extend(termMatchers);

describe.each(["otp23", "otp29"] as const)("eventually on %s", (set) => {
  let shop: ShopNode;
  let node: BeamNode;
  beforeAll(async () => {
    shop = await startShopNode(set);
    node = shop.node;
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());

  it("works as its docstring says", async () => {
    for (const at of [10, 20, 30]) {
      await process(node, "Shop.Cart").send(tuple(atom("later"), at, at));
    }
    await eventually(node, "Process.whereis(Shop.Cart) != nil");
    const count = await eventually(node, "length(:sys.get_state(cart).items)", {
      bindings: { cart: atom("Elixir.Shop.Cart") },
      matches: term`3`,
      timeout: 2_000,
    });
    expect(count).toBe(3);
  });

  it("takes Erlang, and raising is not yet", async () => {
    const late = eventually(node, "N = ets:lookup_element(tries, n, 2), N", {
      language: "erlang",
      matches: term.erlang`X`,
    });
    await evaluate(
      node,
      "spawn(fn -> :ets.new(:tries, [:named_table, :public]); :ets.insert(:tries, {:n, 5}); Process.sleep(:infinity) end)",
    );
    expect(await late).toBe(5);
    const erlang = { language: "erlang" } as const;
    expect(await eventually(node, "A + 1.", { ...erlang, bindings: { A: 2 } })).toBe(3);
  });

  it("says the last value, where it differs, and how often it was tried", async () => {
    const late = eventually(node, "Map.put(%{a: 1}, :b, [1, 2])", {
      matches: term`%{b: [_, 3]}`,
      timeout: 300,
      interval: 10,
    });
    await expect(late).rejects.toThrow(
      /^Map\.put\(%\{a: 1\}, :b, \[1, 2\]\) did not match %\{b: \[_, 3\]\} on .* within 300 ms \(\d+ tries\)\nat b\[1\]\nexpected: 3\ngot: 2\nlast value: %\{.*\}$/,
    );
    const error = (await late.catch((error: unknown) => error)) as WaitError;
    expect(error).toBeInstanceOf(WaitError);
    expect(error.looks).toBeGreaterThan(1);
    expect(error.last).toMatchTerm(term`%{a: 1}`);
    const timeout = 400;
    const cases: [ReturnType<typeof eventually>, RegExp][] = [
      [eventually(node, "nil", { timeout }), /^nil was not true on .*\nlast value: nil$/],
      [
        eventually(node, 'raise "no tea"', { timeout }),
        /\nlast raised: \*\* \(RuntimeError\) no tea$/,
      ],
      [
        eventually(node, "exit(gone)", { language: "erlang", timeout }),
        /\nlast raised: exit: gone$/,
      ],
      [
        eventually(node, "Process.exit(self(), :kill)", { timeout }),
        /\nlast raised: \*\* \(exit\) killed$/,
      ],
      [
        eventually(node, "Tuple.duplicate(0, 110_000)", { matches: term`1`, timeout }),
        /the last value is too large to be shown/,
      ],
    ];
    await Promise.all(cases.map(([failed, message]) => expect(failed).rejects.toThrow(message)));
  });

  it("ends a try that hangs", async () => {
    const hangs = `
      case :ets.whereis(:hung) do
        :undefined -> :ets.new(:hung, [:named_table, :public, {:heir, Process.whereis(:init), []}]); false
        _ -> Process.register(self(), :hanging); Process.sleep(:infinity)
      end`;
    await expect(eventually(node, hangs, { timeout: 400 })).rejects.toThrow(
      /\(2 tries\)\nlast value: false\nthe last try had not ended and was killed$/,
    );
    expect(await evaluate(node, "Process.whereis(:hanging)")).toBe(atom("nil"));
  });

  it("does not go on with what cannot be read", async () => {
    const started = performance.now();
    await expect(eventually(node, "foo(")).rejects.toThrow(SourceError);
    await expect(eventually(node, "nobody_knows_this")).rejects.toThrow(SourceError);
    const erlang = { language: "erlang" } as const;
    await expect(eventually(node, "foo(", erlang)).rejects.toThrow(SourceError);
    await expect(eventually(node, "Unbound", erlang)).rejects.toThrow(SourceError);
    expect(performance.now() - started).toBeLessThan(4_000);
  });
});

it("is typed", () => {
  expectTypeOf(eventually).returns.toEqualTypeOf<Promise<Term>>();
});
