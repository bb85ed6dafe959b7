/** Telemetry of a live Phoenix, by `telemetry_test`. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BeamNode } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { atom, inspect, type Pid, type Term, TermMap } from "../../src/term/index.ts";
import { telemetry } from "../../src/testing/index.ts";
import { killedRunner } from "../support/killed-runner.ts";
import { connectPhoenix, phoenixTarget } from "../support/phoenix-target.ts";

const target = phoenixTarget();
const shop = target?.http;
const headers = { "content-type": "application/json" };

const nameOf = (name: string) => name.split(".").map((part) => atom(part));
const mapOf = (values: Readonly<Record<string, Term>>) =>
  new TermMap(Object.entries(values).map(([key, value]) => [atom(key), value]));

describe.skipIf(target === undefined)("a live Phoenix", () => {
  let node: BeamNode;

  beforeAll(async () => {
    if (target !== undefined) node = await connectPhoenix(target);
  });
  afterAll(() => node?.close());

  const execute = (name: string, count: Term, metadata: Readonly<Record<string, Term>> = {}) =>
    node.call("telemetry", "execute", [nameOf(name), mapOf({ count }), mapOf(metadata)]);
  const handlers = async (name: string) => {
    const found = await node.call("telemetry", "list_handlers", [nameOf(name)]);
    return (found as readonly Term[]).length;
  };

  it("does what the example says", async () => {
    await using created = await telemetry(node, [["shop", "order", "created"]], { keys: ["item"] });
    await fetch(`${shop}/orders`, {
      method: "POST",
      headers,
      body: JSON.stringify({ item: "tea", quantity: 2 }),
    });
    const { measurements, metadata } = await created.next("shop.order.*");
    expect(measurements.get(atom("quantity"))).toBe(2);
    expect(inspect(metadata)).toBe('%{item: "tea"}');
  });

  it("tells measurements and metadata of each event, and no other's", async () => {
    await using events = await telemetry(node, [
      ["beamctl", "one"],
      ["beamctl", "two"],
    ]);
    await execute("beamctl.one", 1, { a: 1, b: 2 });
    await execute("beamctl.two", 2);
    await execute("beamctl.three", 3);
    expect((await events.next("beamctl.two")).event).toEqual(["beamctl", "two"]);
    const { event, measurements, metadata } = await events.next();
    expect(event).toEqual(["beamctl", "one"]);
    expect(inspect(measurements)).toBe("%{count: 1}");
    expect(inspect(metadata)).toMatch(/^%{(a: 1, b: 2|b: 2, a: 1)}$/);
    await events.expectNone();
  });

  it("has all that came before it is asked", async () => {
    await using events = await telemetry(node, [["beamctl", "many"]], { keys: [] });
    const one = `:telemetry.execute([:beamctl, :many], %{n: n}, %{big: String.duplicate("x", 10_000)})`;
    await evaluate(
      node,
      `for(n <- 1..500, do: Task.async(fn -> ${one} end)) |> Enum.each(&Task.await/1)`,
    );
    const all = await events.drain();
    expect(all).toHaveLength(500);
    expect(all.every(({ metadata }) => metadata.size === 0)).toBe(true);
  });

  it("ends when more comes than the reader takes, and leaves no handler", async () => {
    await using events = await telemetry(node, [["beamctl", "flood"]], { limit: 10 });
    const all = `Enum.each(1..50, &:telemetry.execute([:beamctl, :flood], %{n: &1}, %{}))`;
    await evaluate(node, all);
    await expect.poll(() => events.size).toBe(10);
    for (let n = 1; n <= 10; n++) await events.next();
    await expect(events.next()).rejects.toMatchObject({ code: "BEAM_LIMIT" });
    await events[Symbol.asyncDispose]();
    expect(await handlers("beamctl.flood")).toBe(0);
  });

  it("detaches when disposed of, and when what holds it on the node is killed", async () => {
    const events = await telemetry(node, [["beamctl", "held"]]);
    expect(await handlers("beamctl.held")).toBe(1);
    await events[Symbol.asyncDispose]();
    expect(await handlers("beamctl.held")).toBe(0);
    const before = (await node.call("erlang", "processes", [])) as readonly Pid[];
    const others = new Set(before.map(String));
    const killed = await telemetry(node, [["beamctl", "held"]]);
    const after = (await node.call("erlang", "processes", [])) as readonly Pid[];
    const evaluators = `for p <- pids, Process.info(p, :initial_call) == {:initial_call, {:erl_eval, :exprs, 2}}, do: Process.exit(p, :kill)`;
    const pids = after.filter((pid) => !others.has(String(pid)));
    await evaluate(node, evaluators, { bindings: { pids } });
    await expect.poll(() => handlers("beamctl.held")).toBe(0);
    await killed[Symbol.asyncDispose]().catch(() => {});
  });

  it("detaches when the runner is killed", async () => {
    await killedRunner(
      `const { telemetry } = await import("./src/testing/index.ts");
       const { connectPhoenix, phoenixTarget } = await import("./test/support/phoenix-target.ts");
       await telemetry(await connectPhoenix(phoenixTarget()), [["beamctl", "orphan"]]);`,
      async () => expect(await handlers("beamctl.orphan")).toBe(1),
    );
    await expect.poll(() => handlers("beamctl.orphan")).toBe(0);
  });

  it("holds nobody up when the runner stands still, and detaches when too much waits", async () => {
    const one = ":telemetry.execute([:beamctl, :stopped], %{n: n}, %{big: big})";
    const flood = `big = String.duplicate("x", 4_000)
      Enum.map(1..30_000, fn n -> elem(:timer.tc(fn -> ${one} end), 0) end) |> Enum.max()`;
    let slowest: Term = 0;
    await killedRunner(
      `const { telemetry } = await import("./src/testing/index.ts");
       const { connectPhoenix, phoenixTarget } = await import("./test/support/phoenix-target.ts");
       await telemetry(await connectPhoenix(phoenixTarget()), [["beamctl", "stopped"]]);`,
      async (_, pid) => {
        process.kill(pid, "SIGSTOP");
        slowest = await evaluate(node, flood, { timeout: 60_000 });
        await expect.poll(() => handlers("beamctl.stopped"), { timeout: 10_000 }).toBe(0);
      },
    );
    // Who is held up by a link waits for the reader, which never reads on: a minute, until the node gives the link up.
    expect(slowest).toBeLessThan(10_000_000);
  }, 90_000);
});
