/** Crashes, restarts and replaced states on real nodes. */

import { AssertionError } from "node:assert";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { type BeamNode, NoProcessError } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { atom, type Pid, parse, type Term, TermMap, tuple } from "../../src/term/index.ts";
import {
  type CrashOutcome,
  type Kept,
  process,
  type SupervisorDecision,
  settled,
  term,
  termMatchers,
  WaitError,
} from "../../src/testing/index.ts";
import { type ShopNode, startShopNode } from "./shop-node.ts";

expect.extend(termMatchers);

describe.each(["otp23", "otp27", "otp29"] as const)("on %s", (set) => {
  let shop: ShopNode;
  let node: BeamNode;
  beforeAll(async () => {
    shop = await startShopNode(set);
    node = shop.node;
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());

  const elixir = (source: string) => evaluate(node, source);
  const child = async (name: string): Promise<Pid> =>
    (await elixir(
      `{:ok, pid} = DynamicSupervisor.start_child(Shop.Carts, {${name}, nil}); pid`,
    )) as Pid;

  it("crashes a process in every way, and tells what came of it", async () => {
    const cart = process(node, "Shop.Cart");
    const old = await cart.pid();
    const killed = await cart.crash("kill");
    const pid = await cart.pid();
    expect(killed.process).toEqual({
      pid: old,
      name: "Shop.Cart",
      initialCall: "Shop.Cart.init/1",
      reason: atom("killed"),
    });
    expect(killed.restartedAs).toEqual(pid);
    expect(killed.supervisor?.name).toBe("Shop.Supervisor");
    expect(killed.others).toEqual([]);
    expect(killed.diedAfter).toBeGreaterThanOrEqual(0);
    expect(killed.decidedAfter).toBeLessThan(5_000);
    expect(String(killed)).toMatch(/^Shop\.Cart \(#PID<.*>\) crashed with :killed \(restarted\)$/);

    const reasons: [Parameters<typeof cart.crash>[0], ReturnType<typeof term>][] = [
      ["raise", term`{%RuntimeError{message: "crashed by a test"}, []}`],
      ["exit", term`:beamctl_crash`],
      [{ reason: tuple(atom("shutdown"), 1) }, term`{:shutdown, 1}`],
      [{ send: atom("boom") }, term`{%RuntimeError{message: "boom"}, [_ | _]}`],
      [{ call: atom("nobody_knows") }, term`{:function_clause, [_ | _]}`],
      [{ cast: atom("nobody_knows") }, term`{:function_clause, [_ | _]}`],
      [{ call: atom("stop") }, term`:normal`],
    ];
    for (const [way, reason] of reasons) {
      const report = await cart.crash(way);
      expect(report.process.reason).toMatchTerm(reason);
      expect(report.expectOnlyThatDied().decision).toBe("restarted");
    }
  });

  it("tells who else died", async () => {
    const report = await process(node, "Shop.Left").crash("kill");
    expect(report.decision).toBe("restarted");
    expect(report.others.map(({ name }) => name)).toEqual(["Shop.Right"]);
    expect(() => report.expectOnlyThatDied()).toThrow(AssertionError);
    expect(() => report.expectOnlyThatDied()).toThrow(
      /^1 other process died when Shop\.Left \(#PID<[\d.]+>\) crashed with :killed \(restarted\)\n {2}Shop\.Right \(#PID<[\d.]+>\): :shutdown$/,
    );
  });

  it("tells of a supervisor that lets it end, or gives up", async () => {
    const glass = await process(node, "Shop.Glass").crash("raise");
    expect(glass.decision).toBe("gave up");
    expect(glass.others.map(({ name }) => name)).toEqual(["Shop.Brittle"]);
    // It traps exits, and takes its linked friend with it.
    const lone = await process(node, "Shop.Lone").crash("exit");
    expect(lone.decision).toBe("stopped");
    expect(lone.restartedAs).toBeUndefined();
    expect(lone.others.map(({ name, reason }) => [name, reason])).toEqual([
      ["Shop.Friend", atom("beamctl_crash")],
    ]);
    await expect(process(node, "Shop.Lone").crash("kill")).rejects.toThrow(NoProcessError);
  });

  it("knows children of a DynamicSupervisor, and processes without a supervisor", async () => {
    const [first, second] = [await child("Shop.Cart"), await child("Shop.Cart")];
    const report = await process(node, first).crash("raise");
    expect(report.expectOnlyThatDied().decision).toBe("restarted");
    expect(report.restartedAs).not.toEqual(first);
    expect(report.restartedAs).not.toEqual(second);
    expect(await node.call("erlang", "is_process_alive", [second])).toBe(atom("true"));
    expect(report.supervisor?.name).toBe("Shop.Carts");

    const plain = (await elixir("spawn(fn -> Process.sleep(:infinity) end)")) as Pid;
    const ended = await process(node, plain).crash("raise", { watch: ["shop", "kernel"] });
    expect(ended.expectOnlyThatDied().decision).toBe("unsupervised");
    expect(ended.process.reason).toMatchTerm(term`{%RuntimeError{}, []}`);
    const task = (await elixir(
      "{:ok, pid} = Task.start(fn -> Process.sleep(:infinity) end); pid",
    )) as Pid;
    const report2 = await process(node, task).crash("exit", { watch: "node" });
    expect(report2.process.reason).toMatchTerm(term`:beamctl_crash`);
  });

  it("says that it did not crash", async () => {
    const cart = process(node, "Shop.Cart");
    const crash = cart.crash({ send: parse('{:add, "x"}') }, { timeout: 60 });
    await expect(crash).rejects.toThrow(WaitError);
    await expect(crash).rejects.toThrow(
      /^Shop\.Cart of .* did not crash within 60 ms of what it was sent$/,
    );
    await expect(cart.crash({ call: 1, send: 2 })).rejects.toThrow(UsageError);
  });

  it("waits for a restart", async () => {
    const cart = process(node, "Shop.Cart");
    const old = await cart.pid();
    const found = await cart.restarted(() => cart.send(atom("boom")));
    expect(found.old).toEqual(old);
    expect(found.pid).toEqual(await cart.pid());
    expect(found.pid).not.toEqual(old);
    // Without a function: another pid than the one that was seen last.
    await node.call("erlang", "exit", [found.pid, atom("kill")]);
    expect((await cart.restarted()).old).toEqual(found.pid);

    const dynamic = await child("Shop.Cart");
    const probe = process(node, dynamic);
    const again = await probe.restarted(() => probe.send(atom("boom")));
    expect(again.old).toEqual(dynamic);
    expect(await node.call("erlang", "is_process_alive", [again.pid])).toBe(atom("true"));
  });

  it("says why there was no restart", async () => {
    const cart = process(node, "Shop.Cart");
    await expect(cart.restarted(() => {}, { timeout: 40 })).rejects.toThrow(
      /^Shop\.Cart \(#PID<.*>\) of .* was not started again within 40 ms: it still is the same process$/,
    );
    const plain = (await elixir("spawn(fn -> Process.sleep(:infinity) end)")) as Pid;
    await expect(process(node, plain).restarted(() => {})).rejects.toThrow(
      /was not started again: no supervisor has it as a child$/,
    );
    const temporary = (await elixir(
      "{:ok, pid} = DynamicSupervisor.start_child(Shop.Carts, {Shop.Lone, Shop.Once}); pid",
    )) as Pid;
    const once = process(node, "Shop.Once");
    expect(await once.pid()).toEqual(temporary);
    const stopped = once.restarted(() => once.crash("kill"), { timeout: 40 });
    await expect(stopped).rejects.toThrow(/: its supervisor let it end$/);
    await expect(process(node, temporary).restarted(() => {})).rejects.toThrow(NoProcessError);
    await expect(cart.restarted(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
  });

  it("replaces a state, and puts it back", async () => {
    const cart = process(node, "Shop.Right");
    const items = atom("items");
    await cart.replaceState((state) => new TermMap([...(state as TermMap), [items, [1]]]));
    expect(await cart.state()).toMatchTerm(term`%{id: 7, items: [1]}`);
    {
      await using kept = await cart.replaceState(parse("%{id: 8, items: []}"), { revert: true });
      expect(kept.value).toBe(atom("ok")); // and not the state
      expect(await cart.call(atom("get"))).toMatchTerm(term`{:ok, %{id: 8}}`);
    }
    expect(await cart.state()).toMatchTerm(term`%{id: 7, items: [1]}`);

    const other = await shop.open();
    await process(other, "Shop.Right").replaceState((state) => tuple(state), { revert: true });
    expect(await cart.state()).toMatchTerm(term`{%{id: 7, items: [1]}}`);
    await other.close();
    await cart.state(term`%{id: 7, items: [1]}`);

    // One that was started anew keeps its own.
    const kept = await cart.replaceState(parse("%{id: 9, items: []}"), { revert: true });
    await cart.restarted(() => cart.crash("kill"));
    await kept.release();
    expect(await cart.state()).toMatchTerm(term`%{id: 7, items: []}`);
  });

  it("refuses to replace what it cannot, and leaves it alone when it is late", async () => {
    const events = process(node, "shop_events").replaceState(1);
    await expect(events).rejects.toThrow(/shop_events of .* is an event manager/);
    const plain = (await elixir("spawn(fn -> Process.sleep(:infinity) end)")) as Pid;
    await expect(process(node, plain).replaceState(1)).rejects.toThrow("it is no OTP process");
    await expect(process(node, "Shop.Nobody").replaceState(1)).rejects.toThrow(NoProcessError);
    const cart = process(node, "Shop.Left");
    for (const revert of [true, false]) {
      await cart.send(atom("stuck"));
      const late = cart.replaceState(atom("wrong"), { timeout: 30, revert });
      await expect(late).rejects.toThrow(/did not take another state within 30 ms/);
      await cart.send(atom("go"));
      await cart.untilIdle();
      expect(await cart.state()).toMatchTerm(term`%{id: 7}`);
    }
    await settled(node, { application: "shop" });
  });
});

it("is typed", () => {
  type Probe = ReturnType<typeof process>;
  expectTypeOf<Probe["crash"]>().returns.toEqualTypeOf<Promise<CrashOutcome>>();
  expectTypeOf<CrashOutcome["decision"]>().toEqualTypeOf<SupervisorDecision>();
  const probe = null as unknown as Probe;
  const kept = () => probe.replaceState(1, { revert: true });
  expectTypeOf(kept).returns.toEqualTypeOf<Promise<Kept>>();
  const plain = () => probe.replaceState((state: Term) => state, { timeout: 1 });
  expectTypeOf(plain).returns.toEqualTypeOf<Promise<undefined>>();
});
