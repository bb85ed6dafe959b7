/** Idle processes on real nodes: which are, which are not, and what is said of those. */

import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { type BeamNode, NoProcessError } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { atom, type Pid, parse } from "../../src/term/index.ts";
import { process, settled, term, termMatchers, WaitError } from "../../src/testing/index.ts";
import { type ShopNode, startShopNode } from "./shop-node.ts";

expect.extend(termMatchers);

describe.each(["otp23", "otp27", "otp29"] as const)("idleness on %s", (set) => {
  let shop: ShopNode;
  let node: BeamNode;
  beforeAll(async () => {
    shop = await startShopNode(set);
    node = shop.node;
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());

  const elixir = (source: string) => evaluate(node, source);

  it("is waited for, for an application and for processes", async () => {
    await settled(node, { application: "shop" });
    await settled(node, { processes: ["Shop.Cart", "Shop.Left"], timeout: 1_000 });
    expect(await settled(node, { application: "shop" })).toBeGreaterThan(10);
    expect(await settled(node, { processes: ["Shop.Cart", "kernel_sup"] })).toBe(2);
    const cart = process(node, "Shop.Cart");
    for (let item = 0; item < 200; item++) await cart.cast(parse(`{:add, ${item}}`));
    await cart.untilIdle();
    expect(await cart.state()).toMatchTerm(term`%{items: [199 | _]}`);
  });

  it("is not there while a callback runs, nor while another is asked", async () => {
    const cart = process(node, "Shop.Left");
    await cart.send(atom("stuck"));
    await expect(cart.untilIdle({ timeout: 50 })).rejects.toThrow(
      /^Shop\.Left of .* did not become idle within 50 ms \(\d+ looks\); busy:\n {2}Shop\.Left \(#PID<[\d.]+>\): waiting in Shop\.Cart\.handle_info\/2, 0 messages in its mailbox$/,
    );
    // An agent that waits for the busy one.
    const asking = (await elixir(
      "{:ok, pid} = Agent.start(fn -> 0 end); Agent.cast(pid, fn _ -> GenServer.call(Shop.Left, :get) end); pid",
    )) as Pid;
    const asked = settled(node, { processes: ["Shop.Left", asking], timeout: 50 });
    await expect(asked).rejects.toThrow(/gen\.do_call/);
    await expect(settled(node, { application: "shop", timeout: 50 })).rejects.toThrow(
      /^the application shop of .*\n {2}Shop\.Left .*, 1 message in its mailbox$/,
    );
    await cart.send(atom("go"));
    await process(node, asking).untilIdle();
    // Deeper than the node tells of a stack.
    const deep = (await elixir(`
      {:ok, pid} = Agent.start(fn -> 0 end)
      nest = fn nest, n -> if n == 0, do: (receive do :go -> 0 end), else: [nest.(nest, n - 1)] end
      Agent.cast(pid, fn _ -> nest.(nest, 30) end)
      pid`)) as Pid;
    await expect(process(node, deep).untilIdle({ timeout: 30 })).rejects.toThrow("0 messages");
    await process(node, deep).send(atom("go"));
    await process(node, deep).untilIdle();
    await settled(node, { application: "shop" });
  });

  it("counts hibernating, plain and other behaviours' processes", async () => {
    const pids = (await elixir(`
      {:ok, a} = Agent.start(fn -> 0 end)
      Agent.cast(a, fn s -> s end)
      h = spawn(fn -> :erlang.hibernate(:lists, :sum, [[1]]) end)
      p = spawn(fn -> receive do :never -> :ok end end)
      {:ok, e} = :gen_event.start()
      {:ok, t} = Task.start(:timer, :sleep, [:infinity])
      [a, h, p, e, t, Process.whereis(:user), Process.whereis(:init)]`)) as readonly Pid[];
    expect(await settled(node, { processes: pids })).toBe(7);
  });

  it("never comes for a suspended process or one that runs", async () => {
    const pid = (await elixir("{:ok, a} = Agent.start(fn -> 0 end); a")) as Pid;
    await node.call("sys", "suspend", [pid]);
    await expect(process(node, pid).untilIdle({ timeout: 20 })).rejects.toThrow(
      /: suspended in :sys\./,
    );
    await node.call("sys", "resume", [pid]);
    await process(node, pid).untilIdle();
    const busy = (await elixir("spawn(fn -> f = fn f -> f.(f) end; f.(f) end)")) as Pid;
    const failed = await process(node, busy)
      .untilIdle({ timeout: 30 })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(WaitError);
    await node.call("erlang", "exit", [busy, atom("kill")]);
  });

  it("says what is not there", async () => {
    await expect(settled(node, { application: "nope" })).rejects.toThrow(UsageError);
    await expect(settled(node, { application: "nope" })).rejects.toThrow("does not run on");
    const missing = settled(node, { processes: ["Shop.Cart", "Shop.Nobody"] });
    await expect(missing).rejects.toThrow(NoProcessError);
    await expect(missing).rejects.toThrow("Shop.Nobody");
  });
});

it("is typed", () => {
  expectTypeOf(settled).returns.toEqualTypeOf<Promise<number>>();
  // @ts-expect-error either of them
  void (() => settled({} as never, { timeout: 1 }));
});
