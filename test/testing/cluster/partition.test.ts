/** Partitions, cuts and resets between three real nodes of three releases, as the nodes themselves see them. */

import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { connect } from "../../../src/node/index.ts";
import { evaluate } from "../../../src/otp/index.ts";
import { inspect } from "../../../src/term/index.ts";
import {
  type FaultCluster,
  startFaultCluster,
  UnknownNodeError,
} from "../../../src/testing/index.ts";
import { type Member, ping, startMembers } from "./nodes.ts";

let cluster: FaultCluster;
let members: readonly Member[];
let a: Member;
let b: Member;
let c: Member;

beforeAll(async () => {
  cluster = await startFaultCluster({ tickTime: 1 });
  members = await startMembers(cluster, ["otp25", "otp27", "otp29"]);
  [a, b, c] = members as [Member, Member, Member];
});
afterEach(async () => {
  cluster.heal();
  await cluster.settled();
});
afterAll(async () => {
  for (const member of members ?? []) await member[Symbol.asyncDispose]();
  await cluster?.[Symbol.asyncDispose]();
});

const nodes = (member: Member) => member.run("lists:sort(nodes())");
const list = (...of: Member[]) => `[${of.map(({ full }) => `'${full}'`).join(",")}]`;
const lines = (since = 0) => cluster.history.slice(since).map(String).join("\n");

async function mesh(): Promise<void> {
  expect([await ping(a, b), await ping(a, c), await ping(b, c)]).toEqual(["pong", "pong", "pong"]);
}

it("knows the nodes, and leads each to the others", async () => {
  expect(cluster.env).toEqual({
    ERL_EPMD_PORT: `${cluster.epmdPort}`,
    ERL_ZFLAGS: "-kernel net_ticktime 1",
  });
  expect(await a.run("net_kernel:get_net_ticktime()")).toBe("1");
  await cluster.registered([a.name, b.full, c.name]);
  await mesh();
  const known = cluster.nodes().toSorted((one, other) => one.name.localeCompare(other.name));
  expect(known.map(({ node, port }) => [node, port])).toEqual(
    members.map(({ full, process }) => [full, process.port]),
  );
  expect(known.every(({ port, proxyPort }) => port !== proxyPort)).toBe(true);
  expect(lines()).toMatch(new RegExp(`up  ${a.full} ${b.full}`));
  const names = await a.run("element(1, erl_epmd:names({127,0,0,1}))");
  expect(names).toBe("ok");
});

it("silent: nodes() tells on both sides after net_ticktime, and healed they meet again", async () => {
  await mesh();
  cluster.partition([a.name], [b.name, c.full]);
  expect(cluster.connected(a.name, b.name)).toBe(true); // nobody has been told
  const before = cluster.history.length;
  await cluster.settled();
  expect(cluster.connected(a.name, b.name)).toBe(false);
  expect(cluster.connected(b.name, c.name)).toBe(true);
  expect([await nodes(a), await nodes(b), await nodes(c)]).toEqual(["[]", list(c), list(b)]);
  expect(lines(before)).toMatch(/closed {2}.* by (a|b|c)_/);
  cluster.heal(a.name, b.name);
  expect(await ping(a, b)).toBe("pong");
  expect(await nodes(a)).toBe(list(b));
  cluster.heal();
  await mesh();
});

it("silent and healed in time: nothing is lost, and the link is the same", async () => {
  await mesh();
  await c.run("register(counter, spawn(fun F() -> receive {P, X} -> P ! X, F() end end))");
  const before = cluster.history.length;
  cluster.cut(b.name, c.name, { direction: "both" });
  const sent = b.run(
    `[{counter, '${c.full}'} ! {self(), X} || X <- [1, 2, 3]], [receive X -> X after 9000 -> late end || X <- [1, 2, 3]]`,
  );
  cluster.heal(b.name, c.name);
  expect(await sent).toBe("[1,2,3]");
  expect(lines(before)).not.toContain("closed");
});

it("reset: the nodes know at once, and calls are reset", async () => {
  await mesh();
  cluster.partition([b.name], [a.name, c.name], { how: "reset" });
  expect(cluster.connected(b.name, c.name)).toBe(false);
  await expect.poll(() => nodes(b)).toBe("[]");
  const before = cluster.history.length;
  expect(await ping(b, c)).toBe("pang");
  expect(await ping(a, b)).toBe("pang");
  expect(await ping(a, c)).toBe("pong");
  expect(lines(before)).toContain(`refused  ${b.full} ${c.name}  reset`);
});

it("refuse: links end in order, and calls are not allowed", async () => {
  await mesh();
  cluster.partition([a.name, b.name], [c.name], { how: "refuse" });
  await expect.poll(() => nodes(c)).toBe("[]");
  expect(await ping(c, a)).toBe("pang");
  expect(await ping(a, b)).toBe("pong");
});

it("one way: the side that hears nothing gives up", async () => {
  await mesh();
  const before = cluster.history.length;
  cluster.cut(a.name, b.name);
  await cluster.settled();
  expect(lines(before)).toMatch(new RegExp(`closed {2}.*by ${b.name}`));
  expect([await nodes(a), await nodes(b)]).toEqual([list(c), list(c)]);
});

it("closed by half: both sides learn that the link is down, and the next call makes another", async () => {
  await mesh();
  const before = cluster.history.length;
  cluster.halfClose(a.name, b.name);
  await cluster.settled();
  expect(cluster.connected(a.name, b.name)).toBe(false);
  expect(lines(before)).toMatch(new RegExp(`closed {2}.*by ${b.name}`));
  await expect.poll(() => nodes(a)).toBe(list(c));
  await expect.poll(() => nodes(b)).toBe(list(c));
  expect(await ping(a, b)).toBe("pong");
});

it("visitors pass unharmed while all nodes are parted, unless they are named", async () => {
  const epmd = { host: "127.0.0.1", port: cluster.epmdPort };
  await using visitor = await connect(a.full, { cookie: a.process.cookie, epmd });
  const answer = async () =>
    inspect(await evaluate(visitor, "1 + 1", { language: "erlang", timeout: 5_000 }));
  cluster.partition([a.name], [b.name, c.name], { how: "reset" });
  expect(await answer()).toBe("2");
  expect(await visitor.call("erlang", "node", [])).toMatchObject({ name: a.full });
  const name = cluster.history.findLast(({ type }) => type === "up")?.nodes[0] as string;
  expect(members.map(({ full }) => full)).not.toContain(name);
  cluster.partition([name], [a.name], { how: "reset" });
  await expect(answer()).rejects.toThrow(/down/);
});

it("a name that nobody has is an error that names those who have one", () => {
  const wrong = () => cluster.partition(["nobody"], [a.name]);
  expect(wrong).toThrow(UnknownNodeError);
  expect(wrong).toThrow(
    `no node of the cluster is called nobody (known: ${a.full}, ${b.full}, ${c.full})`,
  );
  expect(() => cluster.cut(`${a.name}@elsewhere`, b.name)).toThrow(UnknownNodeError);
  expect(() => cluster.cut(a.name, a.full)).toThrow("has no link to itself");
});
