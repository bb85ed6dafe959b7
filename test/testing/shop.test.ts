/** Probes on a real release: Ranch, Cowboy, and channels with websockets open. */

import { expect, it } from "vitest";
import { evaluate } from "../../src/otp/index.ts";
import { atom, type Pid } from "../../src/term/index.ts";
import { eventually, process, settled, term, termMatchers } from "../../src/testing/index.ts";
import { openBench } from "../support/shop/bench.ts";

expect.extend(termMatchers);

it("looks at a shop with open websockets, and crashes parts of it", async () => {
  await using bench = await openBench();
  const { node } = bench;
  const channels = (await eventually(
    node,
    "for p <- Process.list(), {Shop.RoomChannel, _, _} <- [:proc_lib.translate_initial_call(p)], do: p",
    { matches: term`[_, _, _, _, _]` },
  )) as readonly Pid[];
  const [first, second] = channels as readonly [Pid, Pid];
  expect(await process(node, second).state()).toMatchTerm(
    term`%Shop.Socket{channel: Shop.RoomChannel, joined: true, transport_pid: _}`,
  );
  expect(await settled(node, { application: "shop" })).toBeGreaterThan(15);
  expect(await settled(node, { application: "ranch" })).toBeGreaterThan(2);

  const counter = process(node, "Shop.Counter");
  const crashed = await counter.crash("raise");
  expect(crashed.expectOnlyThatDied().decision).toBe("restarted");
  expect(await counter.call(atom("value"))).toBe(0);

  // A channel is temporary, and its socket says so to the client and lives on.
  const report = await process(node, first).crash("kill");
  expect(report.expectOnlyThatDied().decision).toBe("stopped");
  expect(await evaluate(node, "Process.alive?(pid)", { bindings: { pid: second } })).toBe(
    atom("true"),
  );
});
