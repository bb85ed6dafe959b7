/** Schedules of faults: a replicated value with a planted bug, which fast-check finds and shrinks on two real nodes. */

import fc from "fast-check";
import { afterAll, beforeAll, expect, expectTypeOf, it } from "vitest";
import {
  type FaultCluster,
  FaultSchedule,
  faultSchedule,
  runSchedule,
  startFaultCluster,
  UnknownNodeError,
} from "../../../src/testing/index.ts";
import { type Member, ping, startMembers } from "./nodes.ts";

let cluster: FaultCluster;
let members: readonly Member[] = [];
let a: Member;
let b: Member;

beforeAll(async () => {
  cluster = await startFaultCluster();
  members = await startMembers(cluster, ["otp27", "otp27"]);
  [a, b] = members as [Member, Member];
});
afterAll(async () => {
  for (const member of members) await member[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

/** A set that each node tells to the others. The bug: what was added while they were apart is never told; `sound` tells it when they meet again. */
const store = (sound: boolean) => `
M = monitor(process, store), catch exit(whereis(store), kill), receive {'DOWN', M, _, _, _} -> ok end,
register(store, spawn(fun() ->
  ok = net_kernel:monitor_nodes(true),
  (fun Loop(Set) ->
    receive
      {add, From, X} -> [{store, N} ! {told, [X]} || N <- nodes()], From ! added, Loop(ordsets:add_element(X, Set));
      {told, Xs} -> Loop(ordsets:union(Set, Xs));
      {nodeup, N} -> ${sound} andalso ({store, N} ! {told, Set}), Loop(Set);
      {get, From} -> From ! {set, Set}, Loop(Set);
      _ -> Loop(Set)
    end
  end)([])
end)), ok`;
const add = (member: Member, value: number) =>
  member.run(`store ! {add, self(), ${value}}, receive added -> ok after 5000 -> late end`);
const get = (member: Member) =>
  member.run("store ! {get, self()}, receive {set, S} -> S after 5000 -> late end");

const schedules = () =>
  faultSchedule(fc, {
    nodes: [a.name, b.name],
    kinds: ["partition", "heal", "wait"],
    how: ["reset"],
    maxSteps: 5,
    maxWait: 5,
  });

const converges = (sound: boolean) =>
  fc.asyncProperty(schedules(), async (schedule) => {
    expect(await ping(a, b)).toBe("pong");
    for (const one of [a, b]) await one.run(store(sound));
    const between = (_: unknown, index: number) => add(index % 2 === 0 ? a : b, index);
    await runSchedule(cluster, schedule, { between });
    expect(await ping(a, b)).toBe("pong");
    const all = `[${schedule.steps.map((_, index) => index).join(",")}]`;
    if (sound)
      await expect
        .poll(async () => [await get(a), await get(b)], { interval: 5 })
        .toEqual([all, all]);
    // A marker that both sides told each other over this link comes behind all that was told before.
    for (const one of [a, b]) await add(one, 99);
    const marked = all.replace(/\]$/, ",99]");
    await expect
      .poll(async () => (await get(a)) + (await get(b)), { interval: 5 })
      .toMatch(/99\].*99\]/);
    return (await get(a)) === marked && (await get(b)) === marked;
  });

it("a planted bug is found, and shrunk to one partition", async () => {
  const found = await fc.check(converges(false), { seed: 4, numRuns: 50 });
  expect(found.failed).toBe(true);
  const [smallest] = found.counterexample as [FaultSchedule];
  expect(String(smallest)).toBe(`partition ${a.name} | ${b.name} (reset)`);
  expect(fc.defaultReportMessage(found)).toContain(`partition ${a.name} | ${b.name} (reset)`);
});

it("what has no bug passes", async () => {
  const found = await fc.check(converges(true), { seed: 4, numRuns: 10 });
  expect(fc.defaultReportMessage(found) ?? "passed").toBe("passed");
});

it("a schedule made by hand is played in order, and healed whatever happens", async () => {
  const schedule = new FaultSchedule([
    { step: "delay", from: a.name, to: b.name, milliseconds: 20 },
    { step: "cut", from: a.name, to: b.name },
    { step: "wait", milliseconds: 1 },
    { step: "heal" },
    { step: "partition", left: [a.name], right: [b.name], how: "refuse" },
  ]);
  expect(String(schedule)).toBe(
    `delay ${a.name} <-> ${b.name} by 20 ms; cut ${a.name} -> ${b.name}; wait 1 ms; heal; partition ${a.name} | ${b.name} (refuse)`,
  );
  const before = cluster.history.length;
  const seen: number[] = [];
  const played = runSchedule(cluster, schedule, {
    between: (step, index) => {
      seen.push(index);
      if (step.step === "partition") throw new Error("enough");
    },
  });
  await expect(played).rejects.toThrow("enough");
  expect(seen).toEqual([0, 1, 2, 3, 4]);
  const types = cluster.history.slice(before).map(({ type, detail }) => `${type} ${detail}`);
  expect(types.filter((line) => /^(fault|heal)/.test(line))).toEqual([
    "fault delay 20 ms",
    "fault cut (to)",
    "heal ",
    "fault partition (refuse)",
    "heal ",
  ]);
  expect(await ping(a, b)).toBe("pong");
  const nobody = { steps: [{ step: "cut", from: "nobody", to: b.name }] } as const;
  await expect(runSchedule(cluster, nobody)).rejects.toThrow(UnknownNodeError);
});

it("the same seed makes the same schedules, of all kinds", () => {
  const all = faultSchedule(fc, { nodes: ["a", "b", "c"], how: ["silent", "reset", "refuse"] });
  const made = fc.sample(all, { seed: 1, numRuns: 200 }).map(String);
  expect(fc.sample(all, { seed: 1, numRuns: 200 }).map(String)).toEqual(made);
  for (const word of [
    "partition a | b c (refuse)",
    "partition a b | c",
    "cut c -> a",
    "half-close",
    "delay",
    "heal",
    "wait",
  ]) {
    expect(made.join("\n")).toContain(word);
  }
  expect(() => faultSchedule(fc, { nodes: ["a"] })).toThrow("2 to 30 nodes");
});

it("has types that fast-check takes as its own", () => {
  const arbitrary = faultSchedule(fc, { nodes: ["a", "b"] });
  expectTypeOf(arbitrary).toExtend<fc.Arbitrary<FaultSchedule>>();
  const property = fc.property(arbitrary, fc.nat(), (schedule, number) => {
    expectTypeOf(schedule).toEqualTypeOf<FaultSchedule>();
    expectTypeOf(number).toEqualTypeOf<number>();
  });
  expectTypeOf(property).toExtend<fc.IProperty<[FaultSchedule, number]>>();
});
