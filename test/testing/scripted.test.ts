/** A node in memory, as code under test sees it. */

import { describe, expect, expectTypeOf, it } from "vitest";
import { TimeoutError, UsageError } from "../../src/errors.ts";
import { type BeamNode, RemoteError } from "../../src/node/index.ts";
import { atom, inspect, parse, tuple } from "../../src/term/index.ts";
import {
  type Expectation,
  process,
  scriptedNode,
  type Target,
  term,
  toTerm,
  UnmetExpectationError,
} from "../../src/testing/index.ts";

describe("scriptedNode", () => {
  it("answers what is expected", async () => {
    await using shop = await scriptedNode();
    shop.on("Shop", "price", [term`%{sku: _}`]).reply(7).once();
    expect(await shop.node.call("Elixir.Shop", "price", [parse('%{sku: "tea"}')])).toBe(7);
    shop.verify();
    expect(shop.calls).toEqual([
      { module: "Elixir.Shop", function: "price", args: [parse('%{sku: "tea"}')], expected: true },
    ]);
    expect(shop.node.name).toBe("scripted@localhost");
    expect(await shop.node.ping()).toBeGreaterThanOrEqual(0);
  });

  it("takes terms, patterns, functions or anything as arguments, the first that fits", async () => {
    await using shop = await scriptedNode({ name: "shop@example.com" });
    const call = (...args: unknown[]) =>
      shop.node.call("shop", "buy", toTerm(args as []) as []).then((found) => inspect(found));
    shop.on("shop", "buy", [atom("tea"), 1]).reply(atom("term"));
    shop.on("shop", "buy", [term`{:ok, _}`, 1]).reply(atom("pattern"));
    shop.on("shop", "buy", [(what) => what === 5, 1]).reply(atom("function"));
    shop.on("shop", "buy", []).reply(atom("none"));
    shop.on("shop", "buy").reply((...args) => args.length);
    expect(await call(atom("tea"), 1)).toBe(":term");
    expect(await call(tuple(atom("ok"), 3), 1)).toBe(":pattern");
    expect(await call(5, 1)).toBe(":function");
    expect(await call()).toBe(":none");
    expect(await call("tea", 1)).toBe("2");
    shop.verify();
  });

  it("counts, and goes on to the next when one is used up", async () => {
    await using shop = await scriptedNode();
    const first = shop.on("Shop", "next").reply(1).once();
    shop.on("Shop", "next").reply(2).times(2);
    const next = () => shop.node.call("Elixir.Shop", "next", []);
    expect([await next(), await next(), await next()]).toEqual([1, 2, 2]);
    expect(first.came).toBe(1);
    shop.verify();
    await expect(next()).rejects.toThrow(
      "(Beamctl.UnexpectedCallError) Shop.next() was not expected; expected are Shop.next(...), Shop.next(...)",
    );
  });

  it("raises as Erlang does, and late", async () => {
    await using shop = await scriptedNode();
    shop.on("shop", "fail").raises("exit", tuple(atom("noproc"), 1));
    const failed = shop.node.call("shop", "fail", []);
    await expect(failed).rejects.toThrow(RemoteError);
    await expect(failed).rejects.toMatchObject({ kind: "exit", reason: tuple(atom("noproc"), 1) });
    shop.on("shop", "throws").raises("throw", 5);
    await expect(shop.node.call("shop", "throws", [])).rejects.toMatchObject({ kind: "throw" });
    shop.on("shop", "slow").reply(1).delay(100);
    await expect(shop.node.call("shop", "slow", [], { timeout: 10 })).rejects.toThrow(TimeoutError);
    expect(await shop.node.call("shop", "slow", [])).toBe(1);
    shop.on("shop", "default");
    expect(await shop.node.call("shop", "default", [], { via: "rex" })).toBe(atom("ok"));
  });

  it("refuses what is not expected, and names all of it", async () => {
    await using shop = await scriptedNode();
    shop.on("Shop", "price", [(sku) => sku === 1]).times(2);
    shop.on("Shop", "sell").once();
    shop.on("shop", "never").times(0);
    await shop.node.call("Elixir.Shop", "price", [1]);
    await expect(shop.node.call("Elixir.Shop", "price", [2])).rejects.toThrow(
      "Shop.price(2) was not expected",
    );
    await shop.node.cast("shop", "never", [3]);
    await expect.poll(() => shop.calls).toHaveLength(3);
    expect(() => shop.verify()).toThrow(UnmetExpectationError);
    expect(() => shop.verify()).toThrow(
      [
        "scripted@localhost was not asked as expected:",
        `- Shop.price(${"$"}{fun}) was expected 2 times, and came 1`,
        "- Shop.sell(...) was expected, but did not come",
        "- Shop.price(2) came, but was not expected",
        "- :shop.never(3) came, but was not expected",
      ].join("\n"),
    );
  });

  it("has servers, processes and an end", async () => {
    const shop = await scriptedNode();
    const told: string[] = [];
    shop.serve("Shop.Cart", {
      call: (request) => tuple(atom("you_asked"), request),
      cast: (message) => void told.push(inspect(message)),
    });
    expect(inspect(await shop.node.genCall("Elixir.Shop.Cart", 7))).toBe("{:you_asked, 7}");
    shop.node.genCast("Elixir.Shop.Cart", atom("sold"));
    await expect.poll(() => told).toEqual([":sold"]);
    shop.on("shop", "work").reply(1);
    const spawned = await shop.node.spawn("shop", "work", []);
    expect(await spawned.down).toBe(atom("normal"));
    await shop[Symbol.asyncDispose]();
    await expect(shop.node.call("shop", "work", [])).rejects.toThrow();
    await expect(shop.node.closed).resolves.toBeUndefined();
  });

  it("refuses odd names and numbers", async () => {
    await expect(scriptedNode({ name: "nobody" })).rejects.toThrow(UsageError);
    await using shop = await scriptedNode();
    expect(() => shop.on("shop", "buy").times(-1)).toThrow(UsageError);
  });

  it("holds many calls at a time", async () => {
    await using shop = await scriptedNode();
    shop.on("shop", "echo").reply((value) => value);
    const all = Array.from({ length: 500 }, (_, at) => shop.node.call("shop", "echo", [at]));
    expect(await Promise.all(all)).toEqual(Array.from({ length: 500 }, (_, at) => at));
  });

  it("has types", async () => {
    await using shop = await scriptedNode();
    expectTypeOf(shop.node).toEqualTypeOf<BeamNode>();
    expectTypeOf(shop.node).toExtend<Target>();
    expectTypeOf(shop.on("a", "b").reply(1).delay(1).once()).toEqualTypeOf<Expectation>();
    expect(process(shop.node, "shop").name).toBe("shop");
  });
});
