/** A probe of a process on real nodes: what it finds, what it waits for, and what it says when that does not come. */

import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { AbortedError, UsageError } from "../../src/errors.ts";
import { NoProcessError } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { atom, binary, Pid, parse, type Term, TermMap, tuple } from "../../src/term/index.ts";
import { assertTerm, process, term, termMatchers, WaitError } from "../../src/testing/index.ts";
import { type ShopNode, startShopNode } from "./shop-node.ts";

expect.extend(termMatchers);

/** The error that a promise is rejected with. */
async function errorOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error("it did not fail");
    },
    (error: Error) => error,
  );
}

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("a probe on %s", (set) => {
  let shop: ShopNode;
  beforeAll(async () => {
    shop = await startShopNode(set);
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());

  /** A fresh cart that nothing else uses. */
  const cart = async (): Promise<Pid> =>
    (await evaluate(shop.node, "{:ok, pid} = GenServer.start(Shop.Cart, []); pid")) as Pid;

  it("works as its docstring says", async () => {
    const { node } = shop;
    const cart = process(node, "Shop.Cart");
    await cart.cast(parse('{:add, "tea"}'));
    await cart.state(term`%{items: ["tea" | _]}`, { timeout: 1_000 });
    const { items } = assertTerm(await cart.call(atom("get")), term`{:ok, %{items: items}}`);
    expect(items).toEqual([binary("tea")]);

    const report = await cart.crash("kill");
    report.expectOnlyThatDied();
    expect(report.decision).toBe("restarted");
    const { old, pid } = await cart.restarted(() => cart.send(atom("boom")));
    expect([report.restartedAs, pid]).toEqual([old, await cart.pid()]);

    await cart.replaceState(term`%{id: 1, items: []}`.toTerm());
    await cart.untilIdle();
    expect(await cart.state()).toMatchTerm(term`%{id: 1, items: []}`);
  });

  it("finds processes by every kind of name", async () => {
    const { node } = shop;
    const pid = await process(node, "Shop.Cart").pid();
    for (const name of ["Elixir.Shop.Cart", atom("Elixir.Shop.Cart"), pid] as const) {
      expect(await process(node, name).pid()).toEqual(pid);
    }
    expect(await process(node, "kernel_sup").pid()).toBeInstanceOf(Pid);
    const named = await evaluate(
      node,
      "{:ok, pid} = GenServer.start(Shop.Cart, [], name: {:global, :there}); pid",
    );
    expect(await process(node, tuple(atom("global"), atom("there"))).pid()).toEqual(named);
    const via = tuple(atom("via"), atom("global"), atom("there"));
    expect(await process(node, via).pid()).toEqual(named);
    const missing = process(node, "Shop.Nobody");
    await expect(missing.pid()).rejects.toThrow(NoProcessError);
    await expect(missing.pid()).rejects.toThrow("the process Shop.Nobody of");
    await expect(missing.state()).rejects.toThrow(NoProcessError);
    await expect(missing.cast(1)).rejects.toThrow(NoProcessError);
  });

  it("waits on the node for a state", async () => {
    const probe = process(shop.node, await cart());
    expect(await probe.state()).toMatchTerm(term`%{id: 7, items: []}`);
    await probe.send(parse("{:later, 60, :a}"));
    const pattern = term`%{items: [item, ${tuple(1, 2)} | _], id: id, x: ${binary("x")}}`;
    expect(pattern.matches(await probe.state(term`%{items: [:a]}`))).toBeUndefined();
    await probe.send(parse("{:later, 20, {1, 2}}"));
    await probe.state(term`%{items: [${tuple(1, 2)} | rest], id: 7}`);
    await probe.state(term`%{items: [{_, x}, :a], id: _}`);
    await probe.state(term.erlang`#{items := [{_, X} | _]}`);
  });

  it("matches there what it matches here", async () => {
    const probe = process(shop.node, await cart());
    const patterns = [
      term`_`,
      term`{x, x}`,
      term`{x, _y, x}`,
      term`[a, b | rest]`,
      term`[a | b]`,
      term`[]`,
      term`[1 | 2]`,
      term`%{}`,
      term`%{a: %{}, "k" => _}`,
      term`%{${tuple(1)} => x, 1 => x}`,
      term`${new TermMap([[atom("a"), 1]])}`,
      term`%Shop.Cart{items: [_]}`,
      term`{1.0, "t", ~c"t", &Shop.f/1, <<1::3>>}`,
      term`12345678901234567890`,
      term`{${atom("a")}, ${[1, 2]}, x, {x}, [x | ${[3]}]}`,
    ];
    const values = [
      "{1, 1}",
      "{1, 2}",
      "{1, 1.0}",
      "{:a, 2, :a}",
      "[]",
      "[1, 2]",
      "[1, 2, 3]",
      "[1 | 2]",
      "%{}",
      "%{a: 1}",
      '%{a: %{b: 1}, "k" => nil}',
      "%{{1} => :v, 1 => :v, 2 => 3}",
      "%{{1} => :v, 1 => 2}",
      "%Shop.Cart{items: [1], id: 2}",
      '{1.0, "t", ~c"t", &Shop.f/1, <<1::3>>}',
      '{1, "t", ~c"t", &Shop.f/1, <<1::3>>}',
      "12345678901234567890",
      "{:a, [1, 2], %{}, {%{}}, [%{}, 3]}",
      "{:a, [1, 2], %{}, {%{a: 1}}, [%{}, 3]}",
    ].map((text) => parse(text));
    for (const value of values) {
      await probe.replaceState(value);
      const there = await Promise.all(
        patterns.map((pattern) =>
          probe.state(pattern, { timeout: 0 }).then(
            () => true,
            (error: unknown) => !(error instanceof WaitError),
          ),
        ),
      );
      expect(there).toEqual(patterns.map((pattern) => pattern.matches(value) !== undefined));
    }
  });

  it("says what the state was when it never matched", async () => {
    const pid = await cart();
    const probe = process(shop.node, pid);
    const late = await errorOf(probe.state(term`%{id: 7, items: [_, _]}`, { timeout: 300 }));
    expect(late).toBeInstanceOf(WaitError);
    const { message } = late;
    expect(message).toMatch(
      /^#PID<[\d.]+> of .* had no state that matches %\{id: 7, items: \[_, _\]\} within 300 ms \(\d+ looks\)\n/,
    );
    expect(message).toMatch(
      /\nat items\nexpected: a list of 2, \[_, _\]\ngot: 0, \[\]\nstate: %\{.*\}$/,
    );
    expect((late as WaitError).looks).toBeGreaterThan(1);
    expect((late as WaitError).last).toMatchTerm(term`%{items: []}`);
    const missing = process(shop.node, "Shop.Nobody").state(term`_`, { timeout: 20 });
    await expect(missing).rejects.toThrow(
      /no process Shop\.Nobody of .* within 20 ms \(\d+ looks\)/,
    );
    await probe.send(atom("stuck"));
    await expect(probe.state(term`_`, { timeout: 30 })).rejects.toThrow(
      /did not tell its state within 30 ms \(\d looks?\), it is in \{Shop\.Cart, :handle_info, 2\}/,
    );
    await probe.send(atom("go"));
  });

  it("sends no huge state to be shown", async () => {
    const pid = (await evaluate(
      shop.node,
      "{:ok, pid} = Agent.start(fn -> Tuple.duplicate(0, 110_000) end); pid",
    )) as Pid;
    await expect(process(shop.node, pid).state(term`[]`, { timeout: 250 })).rejects.toThrow(
      "the last is too large to be shown",
    );
  });

  it("refuses what cannot be", async () => {
    const positive = (value: Term) => Number(value) > 0;
    await expect(
      (async () => process(shop.node, "Shop.Cart").state(term`%{id: ${positive}}`))(),
    ).rejects.toThrow(/the pattern %\{id: .\{positive\}\} holds a JavaScript function/);
    const plain = (await evaluate(shop.node, "spawn(fn -> Process.sleep(:infinity) end)")) as Pid;
    await expect(process(shop.node, plain).state()).rejects.toThrow(UsageError);
    await expect(process(shop.node, plain).state()).rejects.toThrow("it is no OTP process");
    await process(shop.node, plain).send(1);
    const info = [plain, atom("message_queue_len")];
    expect(await shop.node.call("erlang", "process_info", info)).toMatchTerm(term`{_, 1}`);
    await shop.node.call("erlang", "exit", [plain, atom("kill")]);
    await expect(process(shop.node, plain).state(term`_`)).rejects.toThrow(NoProcessError);
  });

  it("ends on the node when it is aborted, or the link is closed", async () => {
    const count = async () => (await evaluate(shop.node, "length(Process.list())")) as number;
    const before = await count();
    const other = await shop.open();
    const never = process(other, "Shop.Cart").state(term`:never`, { timeout: 600_000 });
    const failed = expect(never).rejects.toThrow();
    const abort = new AbortController();
    const aborted = process(shop.node, "Shop.Cart").state(term`:never`, { signal: abort.signal });
    const endedToo = expect(aborted).rejects.toThrow(AbortedError);
    await expect.poll(count).toBeGreaterThan(before + 1);
    abort.abort();
    await endedToo;
    await other.close();
    await failed;
    await expect.poll(count).toBeLessThanOrEqual(before);
  });
});

it("is typed", () => {
  expectTypeOf(process).returns.toHaveProperty("state");
  expectTypeOf<ReturnType<typeof process>["state"]>().returns.toEqualTypeOf<Promise<Term>>();
});
