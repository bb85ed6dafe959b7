/** Chosen messages that are lost or late between real nodes: each release with the next one. */

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../../src/node/index.ts";
import { Atom, inspect, Tuple } from "../../../src/term/index.ts";
import {
  type DistMessage,
  type FaultCluster,
  PredicateError,
  startFaultCluster,
} from "../../../src/testing/index.ts";
import { type Member, ping, startMembers } from "./nodes.ts";

const tagged =
  (tag: string) =>
  ({ message }: DistMessage) =>
    message instanceof Tuple && message.items[0] instanceof Atom && message.items[0].name === tag;

describe.each([
  ["otp23", "otp25"],
  ["otp27", "otp25"],
  ["otp27", "otp29"],
] as const)("%s and %s", (...sets) => {
  let cluster: FaultCluster;
  let members: readonly Member[] = [];
  let a: Member;
  let b: Member;

  beforeAll(async () => {
    cluster = await startFaultCluster({ inspect: true });
    members = await startMembers(cluster, sets);
    [a, b] = members as [Member, Member];
    expect(await ping(a, b)).toBe("pong");
  });
  afterEach(() => cluster.heal());
  afterAll(async () => {
    for (const member of members) await member[Symbol.asyncDispose]();
    await cluster?.[Symbol.asyncDispose]();
  });

  const call = (timeout: number) =>
    a.run(
      `catch gen_server:call({rex, '${b.full}'}, {call, erlang, node, [], group_leader()}, ${timeout})`,
    );

  it("carry what they always did, both ways", async () => {
    const seen = new Set<string>();
    const watch = ({ op, message }: DistMessage) => {
      seen.add(op);
      if (message !== undefined) inspect(message);
      return false;
    };
    cluster.dropMessages(a.name, b.name, watch);
    cluster.dropMessages(b.name, a.name, watch);
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const size = 3_000_000;
      const call = `rpc:call('${to.full}', erlang, byte_size, [binary:copy(<<"x">>, ${size})])`;
      expect(await from.run(call)).toBe(`${size}`);
      const atoms = `[list_to_atom("atom_" ++ integer_to_list(N)) || N <- lists:seq(1, 600)]`;
      expect(await from.run(`length(rpc:call('${to.full}', lists, usort, [${atoms}]))`)).toBe(
        "600",
      );
      const exits = `P = spawn('${to.full}', timer, sleep, [60000]), M = monitor(process, P), link(P), unlink(P), exit(P, {because, [1.5, #{a => "b"}]}), receive {'DOWN', M, _, _, R} -> R end`;
      expect(await from.run(exits)).toMatch(/^\{because/);
    }
    expect([...seen]).toEqual(expect.arrayContaining(["spawn_request", "monitor"]));
    expect(cluster.history.filter(({ type }) => type === "error")).toEqual([]);
    expect(cluster.history.filter(({ type }) => type === "up")).toHaveLength(1);
  });

  it("a visitor's link passes too, with large messages", async () => {
    const epmd = { host: "127.0.0.1", port: cluster.epmdPort };
    await using visitor = await connect(a.full, { cookie: a.process.cookie, epmd });
    const large = new Uint8Array(1_000_000).fill(7);
    const copy = await visitor.call("erlang", "list_to_binary", [[large, large]]);
    expect((copy as Uint8Array).length).toBe(2_000_000);
    expect(cluster.history.filter(({ type }) => type === "error")).toEqual([]);
  });

  it("a call to a named server is lost once", async () => {
    const lost = cluster.dropMessages(
      a.name,
      b.name,
      (message) =>
        message.op === "reg_send" &&
        inspect(message.to as Atom) === ":rex" &&
        tagged("$gen_call")(message),
      { count: 1 },
    );
    expect(await call(300)).toMatch(/timeout/);
    expect(lost.happened).toBe(1);
    expect(await call(20_000)).toBe(`'${b.full}'`);
    await lost.times(1);
    expect(cluster.history.findLast(({ type }) => type === "dropped")).toMatchObject({
      nodes: [a.full, b.full],
      detail: "reg_send",
    });
  });

  it("joins of a pg group are lost", async () => {
    for (const one of [a, b]) await one.run("element(1, pg:start(scope))");
    const members = () => b.run("length(pg:get_members(scope, group))");
    const join = "P = spawn(timer, sleep, [600000]), pg:join(scope, group, P)";
    // What the scope has told on arrival is behind it once it has answered.
    await expect.poll(() => b.run("length(pg:get_members(scope, met)) + 1")).toBe("1");
    const lost = cluster.dropMessages(a.name, b.name, tagged("join"));
    await a.run(join);
    await lost.times(1);
    lost.stop();
    await a.run(join);
    await expect.poll(members).toBe("1");
    expect(await a.run("length(pg:get_members(scope, group))")).toBe("2");
  });

  it("late: others overtake it, what its sender says next does not", async () => {
    await b.run(
      "register(sink, spawn(fun F() -> receive {get, P, N} -> P ! [receive {m, X} -> X end || _ <- lists:seq(1, N)], F() end end)), ok",
    );
    const late = cluster.delayMessages(
      a.name,
      b.name,
      3_600_000,
      ({ message }) => message !== undefined && inspect(message) === "{:m, :slow}",
    );
    const sink = `{sink, '${b.full}'}`;
    await a.run(`${sink} ! {m, slow}, ${sink} ! {m, next}, ok`);
    await a.run(`spawn(fun() -> ${sink} ! {m, fast} end), ok`);
    await late.times(1);
    expect(await b.run("sink ! {get, self(), 1}, receive X -> X end")).toBe("[fast]");
    cluster.heal();
    expect(await b.run("sink ! {get, self(), 2}, receive X -> X end")).toBe("[slow,next]");
    expect(await a.run(`exit(rpc:call('${b.full}', erlang, whereis, [sink]), kill)`)).toBe("true");
  });

  it("a predicate that throws harms nothing, and the test is told", async () => {
    const broken = cluster.dropMessages(a.name, b.name, () => {
      throw new Error("oops");
    });
    expect(await call(20_000)).toBe(`'${b.full}'`);
    await expect(broken.times(1)).rejects.toThrow("oops");
    expect(String(cluster.history.findLast(({ type }) => type === "error"))).toContain("oops");
    expect(broken.active).toBe(false);
    expect(broken.happened).toBe(0);
  });
});

it("a predicate's error that nobody was told of is told at the end", async () => {
  const cluster = await startFaultCluster({ inspect: true });
  const members = await startMembers(cluster, ["otp27", "otp27"]);
  try {
    const [a, b] = members as [Member, Member];
    cluster.dropMessages(a.name, b.name, () => {
      throw new Error("unseen");
    });
    expect(await ping(a, b)).toBe("pong");
  } finally {
    for (const member of members) await member[Symbol.asyncDispose]();
  }
  const ended = cluster[Symbol.asyncDispose]();
  await expect(ended).rejects.toThrow(PredicateError);
  await expect(ended).rejects.toThrow("unseen");
});

it("half of them by chance, the same half each time; and not at all unless asked at the start", async () => {
  await using cluster = await startFaultCluster({ inspect: true, seed: 7 });
  const members = await startMembers(cluster, ["otp27", "otp27"]);
  try {
    const [a, b] = members as [Member, Member];
    expect(await ping(a, b)).toBe("pong");
    await b.run(
      "register(sink, spawn(fun() -> (fun F(L) -> receive {get, P} -> P ! lists:reverse(L), F([]); {m, X} -> F([X | L]) end end)([]) end)), ok",
    );
    const half = cluster.dropMessages(a.name, b.name, tagged("m"), { share: 0.5 });
    await a.run(`[{sink, '${b.full}'} ! {m, N} || N <- lists:seq(1, 40)], ok`);
    const got = await a.run(`{sink, '${b.full}'} ! {get, self()}, receive L -> L end`);
    expect(got).toMatchInlineSnapshot(
      `"[3,4,5,9,10,13,14,18,20,22,27,28,30,31,32,33,34,35,36,37]"`,
    );
    expect(half.happened).toBe(40 - JSON.parse(got).length);
    cluster.heal();
  } finally {
    for (const member of members) await member[Symbol.asyncDispose]();
  }
  await using plain = await startFaultCluster();
  expect(() => plain.dropMessages("a", "b", () => true)).toThrow("does not read messages");
});
