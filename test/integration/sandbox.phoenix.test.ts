/** The database sandbox of a live Phoenix: its release `e2e`. */

import { get } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BeamNode } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { binary, type Pid, TRUE, text } from "../../src/term/index.ts";
import { type Sandbox, SandboxError, SandboxPoolError, sandbox } from "../../src/testing/index.ts";
import { killedRunner } from "../support/killed-runner.ts";
import { connectPhoenix, phoenixTarget } from "../support/phoenix-target.ts";

const target = phoenixTarget("E2E");
const plain = phoenixTarget();
const shop = target?.http;
const repos = ["Shop.Repo"];
const JSON_TYPE = { "content-type": "application/json" };

interface Order {
  readonly item: string;
  readonly quantity: number;
}

async function items(headers: Readonly<Record<string, string>>): Promise<string[]> {
  const response = await fetch(`${shop}/orders`, { headers });
  const { orders } = (await response.json()) as { orders: Order[] };
  return orders.map(({ item }) => item);
}

/** On a connection of its own, which the endpoint closes after it raised. */
function refused(headers: Readonly<Record<string, string>>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(`${shop}/orders`, { headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on("error", reject);
  });
}

async function order(headers: Readonly<Record<string, string>>, item: string): Promise<number> {
  const body = JSON.stringify({ item, quantity: 1 });
  const request = { method: "POST", headers: { ...headers, ...JSON_TYPE }, body };
  return (await fetch(`${shop}/orders`, request)).status;
}

describe.skipIf(target === undefined)("a live Phoenix with the sandbox", () => {
  let node: BeamNode;

  beforeAll(async () => {
    if (target === undefined) return;
    node = await connectPhoenix(target);
    await using _ = await sandbox(node, { repos, mode: "manual" });
  });
  afterAll(() => node?.close());

  /** How many connections are in a transaction and do nothing: those that tests hold. */
  const held = async () => {
    const query = `SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`;
    const asked = `Ecto.Adapters.SQL.Sandbox.unboxed_run(Shop.Repo, fn -> Ecto.Adapters.SQL.query!(Shop.Repo, "${query}") end).rows |> hd() |> hd()`;
    return evaluate(node, asked);
  };

  it("does what the example says", async () => {
    await using box = await sandbox(node, { repos: ["Shop.Repo"] });
    const headers = { ...box.headers, "content-type": "application/json" };
    await fetch(`${shop}/orders`, {
      method: "POST",
      headers,
      body: JSON.stringify({ item: "tea", quantity: 2 }),
    });
    const { orders } = (await (await fetch(`${shop}/orders`, { headers })).json()) as {
      orders: Order[];
    };
    expect(orders).toMatchObject([{ item: "tea", quantity: 2 }]);
  });

  it("rolls back, and gives the connection back", async () => {
    const box = await sandbox(node, { repos });
    expect(await order(box.headers, "milk")).toBe(201);
    expect(await items(box.headers)).toEqual(["milk"]);
    expect(await held()).toBe(1);
    await box[Symbol.asyncDispose]();
    await expect.poll(held).toBe(0);
    expect(await refused(box.headers)).toBe(500);
    await using next = await sandbox(node, { repos });
    expect(await items(next.headers)).toEqual([]);
  });

  it("gives the metadata that Phoenix.Ecto gives", async () => {
    await using box = await sandbox(node, { repos });
    const bindings = { owner: box.owner, told: binary(box.metadata) };
    const asked = `{Phoenix.Ecto.SQL.Sandbox.decode_metadata(told) == Phoenix.Ecto.SQL.Sandbox.metadata_for(Shop.Repo, owner), Phoenix.Ecto.SQL.Sandbox.encode_metadata(Phoenix.Ecto.SQL.Sandbox.metadata_for(Shop.Repo, owner))}`;
    const { items: found } = (await evaluate(node, asked, { bindings })) as unknown as {
      items: [unknown, Uint8Array];
    };
    expect(found[0]).toBe(TRUE);
    expect(text(found[1])).toBe(box.metadata);
    expect(box.headers).toEqual({ "user-agent": box.metadata });
    const ours = `"BeamMetadata (" <> Base.url_encode64(:erlang.term_to_binary({:v1, %{repo: Shop.Repo, owner: owner, trap_exit: true}})) <> ")"`;
    expect(text(await evaluate(node, ours, { bindings }))).toBe(box.metadata);
  });

  it("keeps twenty tests at a time apart", async () => {
    const one = async (n: number): Promise<string[]> => {
      await using box = await sandbox(node, { repos });
      for (let step = 0; step < 5; step++) {
        expect(await order(box.headers, `item-${n}-${step}`)).toBe(201);
      }
      return await items(box.headers); // not after the sandbox's end
    };
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => one(n)));
    expect(all).toEqual(
      Array.from({ length: 20 }, (_, n) => [0, 1, 2, 3, 4].map((step) => `item-${n}-${step}`)),
    );
    await expect.poll(held).toBe(0);
  });

  it("nests: one test may hold two, which do not see each other", async () => {
    await using outer = await sandbox(node, { repos });
    await order(outer.headers, "outer");
    {
      await using inner = await sandbox(node, { repos });
      await order(inner.headers, "inner");
      expect(await items(inner.headers)).toEqual(["inner"]);
    }
    expect(await items(outer.headers)).toEqual(["outer"]);
  });

  it("owns several repos in one process", async () => {
    const second = `Beamctl.Second${process.pid}`;
    await evaluate(
      node,
      `defmodule ${second} do
         use Ecto.Repo, otp_app: :shop, adapter: Ecto.Adapters.Postgres
       end
       me = self()
       options = Keyword.merge(Shop.Repo.config(), pool_size: 2, name: ${second})
       spawn(fn -> {:ok, _} = ${second}.start_link(options); Process.register(self(), ${second}.Owner); send(me, :up); receive do :stop -> :ok end end)
       receive do :up -> :ok end`,
      { timeout: 30_000 },
    );
    await using box = await sandbox(node, { repos: ["Shop.Repo", second], mode: "manual" });
    const count = `Enum.map([Shop.Repo, ${second}], fn repo ->
      Phoenix.Ecto.SQL.Sandbox.allow(told, Ecto.Adapters.SQL.Sandbox)
      repo.query!("SELECT count(*)::int FROM orders").rows
    end)`;
    const bindings = { told: binary(box.metadata) };
    expect(await evaluate(node, count, { bindings })).toEqual([[[0]], [[0]]]);
    await box[Symbol.asyncDispose]();
    await evaluate(node, `Process.exit(Process.whereis(${second}.Owner), :shutdown)`);
  });

  it("lets a process of the node work in it, and no second sandbox", async () => {
    const name = `Beamctl.Worker${process.pid}`;
    const loop = `{:ok, _} = Agent.start(fn -> nil end, name: ${name})`;
    await evaluate(node, loop);
    const count = () =>
      evaluate(node, `Agent.get(${name}, fn _ -> length(Shop.Order.all()) end)`) as Promise<number>;
    await using box = await sandbox(node, { repos });
    await order(box.headers, "seen");
    await box.allow(name);
    expect(await count()).toBe(1);
    await using other = await sandbox(node, { repos });
    await expect(other.allow(name)).rejects.toThrow(SandboxError);
    await box[Symbol.asyncDispose]();
    const pid = (await evaluate(node, `Process.whereis(${name})`)) as Pid;
    await other.allow(pid);
    expect(await count()).toBe(0);
    await expect(other.allow("No.Such")).rejects.toMatchObject({ code: "BEAM_REMOTE" });
    await evaluate(node, `Agent.stop(${name})`);
  });

  it("shares its connection with every process, and is alone in that", async () => {
    const box: Sandbox = await sandbox(node, { repos, shared: true });
    expect(await order({}, "shared")).toBe(201);
    expect(await items({})).toEqual(["shared"]);
    await expect(sandbox(node, { repos, shared: true })).rejects.toThrow(
      "another process shares its connection already",
    );
    await box[Symbol.asyncDispose]();
    await expect.poll(held).toBe(0);
    expect(await refused({})).toBe(500);
  });

  it("is released when the runner is killed", async () => {
    let metadata = "";
    await killedRunner(
      `const { sandbox } = await import("./src/testing/index.ts");
       const { connectPhoenix, phoenixTarget } = await import("./test/support/phoenix-target.ts");
       const box = await sandbox(await connectPhoenix(phoenixTarget("E2E")), { repos: ["Shop.Repo"] });
       console.log(box.metadata);`,
      async (output) => {
        metadata = output.split("\n")[0] as string;
        expect(await order({ "user-agent": metadata }, "orphan")).toBe(201);
        expect(await held()).toBe(1);
      },
    );
    await expect.poll(held).toBe(0);
    expect(await refused({ "user-agent": metadata })).toBe(500);
  });

  it("is released by the pool when its process on the node is killed", async () => {
    const box = await sandbox(node, { repos });
    await order(box.headers, "orphan");
    await evaluate(node, `Process.exit(owner, :kill)`, { bindings: { owner: box.owner } });
    await expect.poll(held).toBe(0);
    await box[Symbol.asyncDispose]().catch(() => {});
  });

  it("tells that the pool is used up", async () => {
    const boxes: Sandbox[] = [];
    const fill = async () => {
      for (let n = 0; n < 200; n++) boxes.push(await sandbox(node, { repos, timeout: 20_000 }));
    };
    await expect(fill()).rejects.toMatchObject({
      name: "SandboxError",
      remedy: expect.stringContaining("pool_size"),
    });
    await Promise.all(boxes.map((box) => box[Symbol.asyncDispose]()));
    await expect.poll(held).toBe(0);
  }, 60_000);

  it("refuses what is no repo", async () => {
    await expect(sandbox(node, { repos: ["Shop.Order"] })).rejects.toThrow("is no Ecto repo");
    await expect(sandbox(node, { repos: ["No.Repo"] })).rejects.toMatchObject({
      code: "BEAM_TOPOLOGY",
    });
  });

  it.skipIf(plain === undefined)("refuses another pool, and names it", async () => {
    if (plain === undefined) return;
    await using other = await connectPhoenix(plain);
    const refused = sandbox(other, { repos });
    await expect(refused).rejects.toThrow(SandboxPoolError);
    await expect(refused).rejects.toMatchObject({
      repo: "Shop.Repo",
      pool: "DBConnection.ConnectionPool",
      remedy: expect.stringContaining("pool: Ecto.Adapters.SQL.Sandbox"),
    });
  });
});
