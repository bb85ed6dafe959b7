/** Late and slow links between real nodes, told by the order in which messages arrive. */

import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type FaultCluster, startFaultCluster } from "../../../src/testing/index.ts";
import { type Member, ping, startMembers } from "./nodes.ts";

const AGES = 3_600_000;

let cluster: FaultCluster;
let members: readonly Member[] = [];
let a: Member;
let b: Member;
let c: Member;

beforeAll(async () => {
  cluster = await startFaultCluster();
  members = await startMembers(cluster, ["otp27", "otp25", "otp25"]);
  [a, b, c] = members as [Member, Member, Member];
  expect([await ping(a, b), await ping(a, c), await ping(b, c)]).toEqual(["pong", "pong", "pong"]);
  await b.run("register(relay, spawn(fun F() -> receive {To, X} -> To ! {m, X}, F() end end)), ok");
  await c.run(
    "register(sink, spawn(fun F() -> receive {get, P, N} -> P ! [receive {m, X} -> X end || _ <- lists:seq(1, N)], F() end end)), ok",
  );
});
afterEach(() => cluster.heal());
afterAll(async () => {
  for (const member of members) await member[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const get = (count: number) => c.run(`sink ! {get, self(), ${count}}, receive X -> X end`);
const direct = (text: string) => a.run(`{sink, '${c.full}'} ! {m, ${text}}, ok`);
const relayed = (text: string) =>
  a.run(`{relay, '${b.full}'} ! {{sink, '${c.full}'}, ${text}}, ok`);

it("a message over a late link is overtaken by one that goes round it", async () => {
  cluster.delay(a.name, c.name, AGES);
  await direct("late");
  await relayed("round");
  expect(await get(1)).toBe("[round]");
  cluster.heal(a.name, c.name);
  expect(await get(1)).toBe("[late]");
});

it("late in one direction alone", async () => {
  cluster.delay(a.name, c.name, AGES, { direction: "from" });
  await direct("there");
  expect(await get(1)).toBe("[there]");
  const pang = a.run(
    `catch gen_server:call({rex, '${c.full}'}, {call, erlang, node, [], group_leader()}, 300)`,
  );
  expect(await pang).toMatch(/timeout/);
});

it("jitter keeps the order, and everything is late by its delay at least", async () => {
  cluster.delay(a.name, c.name, 100, { jitter: 50, direction: "to" });
  const began = performance.now();
  await a.run(`[{sink, '${c.full}'} ! {m, N} || N <- lists:seq(1, 300)], ok`);
  expect(await get(300)).toBe(`[${Array.from({ length: 300 }, (_, n) => n + 1).join(",")}]`);
  expect(performance.now() - began).toBeGreaterThan(99);
});

it("a slow link takes its time for many bytes, and is overtaken", async () => {
  cluster.throttle(a.name, c.name, 200_000);
  const began = performance.now();
  await direct(`byte_size(binary:copy(<<0>>, 10))`);
  await a.run(`{sink, '${c.full}'} ! {m, {big, binary:copy(<<0>>, 100000)}}, ok`);
  await relayed("round");
  expect(await get(2)).toBe("[10,round]");
  expect(await get(1)).toMatch(/^\[\{big,/);
  expect(performance.now() - began).toBeGreaterThan(450);
});

it("a throttled sender is held up as by a full network, and loses nothing", async () => {
  cluster.throttle(a.name, c.name, 1);
  const size = 20_000_000;
  const sent = a.run(
    `P = spawn(fun() -> {sink, '${c.full}'} ! {m, {big, binary:copy(<<0>>, ${size})}} end), M = monitor(process, P), receive {'DOWN', M, _, _, R} -> R end`,
  );
  await relayed("round");
  expect(await get(1)).toBe("[round]");
  cluster.heal();
  expect(await sent).toMatch(/normal|noproc/);
  expect(await c.run("sink ! {get, self(), 1}, receive [{big, X}] -> byte_size(X) end")).toBe(
    `${size}`,
  );
});
