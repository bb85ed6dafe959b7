/** The examples of the documentation, as they stand there, on three real nodes; and the types that users meet. */

import fc from "fast-check";
import { afterAll, beforeAll, expect, expectTypeOf, it } from "vitest";
import { atom, type Term } from "../../../src/term/index.ts";
import {
  type DistMessage,
  type FaultCluster,
  faultSchedule,
  type MessageFault,
  runSchedule,
  startFaultCluster,
} from "../../../src/testing/index.ts";
import { type Member, ping, startMembers } from "./nodes.ts";

const members: Member[] = [];
const NAMES = ["a", "b", "c"];

/** Nodes of just these names: the EPMD is theirs alone. */
async function startNodes(env: Readonly<Record<string, string>>): Promise<Member[]> {
  const epmdPort = Number(env["ERL_EPMD_PORT"]);
  const started = await startMembers(
    { epmdPort, env },
    NAMES.map(() => "otp27" as const),
    { names: NAMES },
  );
  members.push(...started);
  return started;
}

let cluster: FaultCluster;
beforeAll(async () => {
  cluster = await startFaultCluster({ inspect: true });
});
afterAll(async () => {
  for (const member of members) await member[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

it("startFaultCluster", async () => {
  await using cluster = await startFaultCluster({ tickTime: 1 });
  const nodes = await startNodes(cluster.env);
  await cluster.registered(["a", "b", "c"]);
  const [a, b] = nodes as [Member, Member];
  expect(await ping(a, b)).toBe("pong");
  cluster.partition(["a"], ["b", "c"]);
  await cluster.settled(); // all have given up
  expect([await a.run("nodes()"), cluster.connected("a", "b")]).toEqual(["[]", false]);
  cluster.heal();
  expect(await ping(a, b)).toBe("pong");
});

it("dropMessages, delayMessages and schedules", async () => {
  const [a, b] = (await startNodes(cluster.env)) as [Member, Member];
  expect(await ping(a, b)).toBe("pong");
  const callFrom = () =>
    a.run(
      `catch gen_server:call({rex, '${b.full}'}, {call, erlang, node, [], group_leader()}, 300)`,
    );
  const lost = cluster.dropMessages(
    "a",
    "b",
    ({ op, to }) => op === "reg_send" && to === atom("rex"),
    { count: 1 },
  );
  expect(await callFrom()).toMatch(/timeout/);
  await lost.times(1);
  await expect(lost.times(2)).rejects.toThrow("(1 of 2) has ended");

  const late = cluster.delayMessages("a", "b", 50, ({ message }) => message === atom("hello"), {
    share: 0.5,
  });
  await a.run(`[{nobody, '${b.full}'} ! hello || _ <- lists:seq(1, 64)], ok`);
  await late.times(10);
  cluster.heal();

  let written = 0;
  const write = () => {
    written += 1;
  };
  const allAgree = async () => (await ping(a, b)) === "pong";
  const schedules = faultSchedule(fc, {
    nodes: ["a", "b"],
    kinds: ["partition", "heal", "wait"],
    how: ["reset"],
    maxWait: 5,
  });
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      await runSchedule(cluster, schedule, { between: () => write() });
      return await allAgree();
    }),
    { numRuns: 5 },
  );
  expect(written).toBeGreaterThan(4);
});

it("types", () => {
  expectTypeOf(cluster.dropMessages).returns.toEqualTypeOf<MessageFault>();
  expectTypeOf<DistMessage["message"]>().toEqualTypeOf<Term | undefined>();
  expectTypeOf(cluster.heal).toBeCallableWith();
  expectTypeOf(cluster.heal).toBeCallableWith("a", "b");
  expectTypeOf(cluster.env).toExtend<NodeJS.ProcessEnv>();
  // @ts-expect-error one node has no pair
  expect(() => cluster.heal("a")).toThrow("two nodes");
  // @ts-expect-error no such way to part nodes
  expect(() => cluster.partition(["nobody"], ["a"], { how: "gently" })).toThrow("nobody");
});
