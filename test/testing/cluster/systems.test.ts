/** What systems do that run on the nodes: global, mnesia, Elixir's Node.connect, and nodes of two addresses. */

import { afterEach, expect, it } from "vitest";
import { evaluate } from "../../../src/otp/index.ts";
import { inspect } from "../../../src/term/index.ts";
import { type FaultCluster, startFaultCluster } from "../../../src/testing/index.ts";
import { type Member, ping, startMembers } from "./nodes.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function start(
  count: number,
  options: Parameters<typeof startMembers>[2] & { readonly cluster?: object } = {},
): Promise<[FaultCluster, ...Member[]]> {
  const cluster = await startFaultCluster(options.cluster);
  open.push(cluster);
  const sets = Array.from({ length: count }, () => "otp27" as const);
  const members = await startMembers(cluster, sets, options);
  open.push(...members);
  return [cluster, ...members];
}

it("global: a name that both sides registered while apart is one process's again", async () => {
  const [cluster, a, b] = (await start(2)) as [FaultCluster, Member, Member];
  expect(await ping(a, b)).toBe("pong");
  cluster.partition([a.name], [b.name], { how: "reset" });
  await expect.poll(async () => (await a.run("nodes()")) + (await b.run("nodes()"))).toBe("[][]");
  for (const one of [a, b]) {
    const named = "P = spawn(timer, sleep, [600000]), global:register_name(leader, P)";
    expect(await one.run(named)).toBe("yes");
  }
  const leader = (one: Member) => one.run("node(global:whereis_name(leader))");
  expect([await leader(a), await leader(b)]).toEqual([`'${a.full}'`, `'${b.full}'`]);
  cluster.heal();
  expect(await ping(a, b)).toBe("pong");
  for (const one of [a, b]) await one.run("global:sync()");
  await expect.poll(async () => (await leader(a)) === (await leader(b))).toBe(true);
});

it("mnesia: both sides wrote while apart, and it says that the database is inconsistent", async () => {
  const [cluster, a, b] = (await start(2)) as [FaultCluster, Member, Member];
  for (const one of [a, b]) expect(await one.run("mnesia:start()")).toBe("ok");
  expect(await a.run(`element(1, mnesia:change_config(extra_db_nodes, ['${b.full}']))`)).toBe("ok");
  const table = `mnesia:create_table(t, [{ram_copies, ['${a.full}', '${b.full}']}])`;
  expect(await a.run(table)).toBe("{atomic,ok}");
  cluster.partition([a.name], [b.name], { how: "reset" });
  const running = (one: Member) => one.run("length(mnesia:system_info(running_db_nodes))");
  await expect.poll(async () => (await running(a)) + (await running(b))).toBe("11");
  for (const [index, one] of [a, b].entries()) {
    expect(await one.run(`mnesia:dirty_write({t, key, ${index}})`)).toBe("ok");
  }
  const told = a.run(
    "{ok, _} = mnesia:subscribe(system), global:register_name(heal, self()), receive {mnesia_system_event, {inconsistent_database, W, N}} -> {W, N} after 20000 -> late end",
    { timeout: 30_000 },
  );
  await expect.poll(() => a.run("is_pid(global:whereis_name(heal))")).toBe("true");
  cluster.heal();
  expect(await ping(a, b)).toBe("pong");
  expect(await told).toBe(`{running_partitioned_network,'${b.full}'}`);
});

it("global parts nodes further that still see each other, unless told not to (OTP 25 and later)", async () => {
  const args = ["-kernel", "prevent_overlapping_partitions", "true"];
  const [cluster, a, b, c] = (await start(3, { args })) as [FaultCluster, Member, Member, Member];
  expect([await ping(a, b), await ping(a, c), await ping(b, c)]).toEqual(["pong", "pong", "pong"]);
  for (const one of [a, b, c]) await one.run("global:sync()");
  cluster.partition([a.name], [b.name], { how: "reset" });
  // Nothing is wrong between c and the others, but it can stay with one of them at most.
  await expect.poll(async () => Number(await c.run("length(nodes())"))).toBeLessThan(2);
});

it("nodes that listen on two addresses of this machine", async () => {
  const host = (index: number) => `127.0.0.${index + 1}`;
  const [cluster, a, b] = (await start(2, { host, cluster: { host: "0.0.0.0" } })) as [
    FaultCluster,
    Member,
    Member,
  ];
  expect(b.full).toMatch(/@127\.0\.0\.2$/);
  expect([await ping(a, b), await ping(b, a)]).toEqual(["pong", "pong"]);
  cluster.partition([a.full], [b.full], { how: "reset" });
  expect(await ping(a, b)).toBe("pang");
  cluster.heal();
  expect(await ping(b, a)).toBe("pong");
});

it("Elixir's Node.connect, and nodes found by EPMD's list as libcluster does", async () => {
  const [cluster, a, b, c] = (await start(3, { elixir: true })) as [
    FaultCluster,
    Member,
    Member,
    Member,
  ];
  const elixir = async (one: Member, text: string) => inspect(await evaluate(one.beam, text));
  const found = `{:ok, names} = :erl_epmd.names(~c"127.0.0.1")
    for {name, _} <- Enum.sort(names), node = :"#{name}@127.0.0.1", node != node(), do: Node.connect(node)`;
  expect(await elixir(a, found)).toBe("[true, true]");
  cluster.partition([a.name], [b.name, c.name], { how: "reset" });
  await expect.poll(() => elixir(a, "Node.list()")).toBe("[]");
  expect(await elixir(a, found)).toBe("[false, false]");
  cluster.heal();
  expect(await elixir(a, `Node.connect(:"${b.full}")`)).toBe("true");
});
