/** A node with ten thousand connections: the counts are those of the clients, and what the look takes on the node does not grow with them. */

import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate, observer, type Remote } from "../../src/otp/index.ts";
import {
  connections,
  countConnections,
  detectSocketBatches,
  detectSockets,
  listeners,
} from "../../src/topology/index.ts";
import { Cli } from "../support/cli/run.ts";
import { Crowd, type CrowdKind, fileLimit } from "../support/crowd/crowd.ts";
import { peakOf } from "../support/crowd/peak.ts";
import { freePort, provision } from "../support/index.ts";
import { type ShopNode, startShop } from "../support/shop/start.ts";

const MEMBERS = 2;
/** Of a thousand: websockets at the shop's own listener, the rest at one whose HTTP connections are kept for ever. */
const MIX = { own: { channel: 550, bare: 200 }, plain: { bare: 150, idle: 80, busy: 20 } };
const KINDS = { channel: "websocket", bare: "websocket", idle: "http-idle", busy: "http-busy" };
const NEEDED = 11_000;

const enough = fileLimit() >= NEEDED;
if (!enough) {
  console.log(
    `skipped: ten thousand connections want ${NEEDED} open files a process, and here are only ${fileLimit()} (ulimit -n)`,
  );
}

describe.runIf(enough)("ten thousand connections", () => {
  let shop: ShopNode;
  let node: BeamNode;
  let remote: Remote;
  let crowd: Crowd;
  let plain: number;

  beforeAll(async () => {
    shop = await startShop({ otp: await provision("otp25"), acceptors: 20 });
    node = await connect(shop.name, {
      cookie: shop.cookie,
      address: { host: "127.0.0.1", port: shop.distPort },
    });
    remote = observer(node);
    plain = await freePort();
    await evaluate(
      node,
      `Routes = [{"/socket/websocket", 'Elixir.Shop.UserSocket', []}, {"/health", 'Elixir.Shop.Http', health}, {"/slow", 'Elixir.Shop.Http', slow}],
       {ok, _} = cowboy:start_clear(plain,
         #{socket_opts => [{ip, {127, 0, 0, 1}}, {port, ${plain}}], num_acceptors => 10, num_conns_sups => 1, max_connections => infinity},
         #{env => #{dispatch => cowboy_router:compile([{'_', Routes}])}, request_timeout => infinity, idle_timeout => infinity}), ok`,
      { language: "erlang" },
    );
    crowd = new Crowd(MEMBERS);
  });

  afterAll(async () => {
    await crowd?.[Symbol.asyncDispose]();
    await node?.close();
    await shop?.[Symbol.asyncDispose]();
  });

  async function grow(thousands: number): Promise<void> {
    for (const [listener, parts] of Object.entries(MIX)) {
      const port = listener === "own" ? shop.httpPort : plain;
      for (const [kind, count] of Object.entries(parts)) {
        await crowd.open(kind as CrowdKind, port, thousands * count);
      }
    }
  }

  /** What the clients know, in our words. */
  async function expected(): Promise<Record<string, number>> {
    const sums: Record<string, number> = {};
    for (const [label, count] of Object.entries(await crowd.counts())) {
      const [port, kind] = label.split(" ") as [string, CrowdKind];
      const key = `${port} ${KINDS[kind]}`;
      sums[key] = (sums[key] ?? 0) + count;
      if (kind === "channel") sums[`${port} channels`] = count;
    }
    return sums;
  }

  async function found(): Promise<Record<string, number>> {
    const all = await listeners(remote);
    const sums: Record<string, number> = {};
    for (const row of countConnections((await connections(remote)).connections)) {
      const port = all.find(({ name }) => name === row.listener)?.address?.port;
      sums[`${port} ${row.kind}`] = row.connections;
      if (row.channels > 0) sums[`${port} channels`] = row.channels;
    }
    return sums;
  }

  async function agree(total: number): Promise<void> {
    // A request that was only sent may not run yet: for these the look is taken again.
    let seen = await found();
    for (const { busy } = MIX.plain; (seen[`${plain} http-busy`] ?? 0) < (busy * total) / 1000; ) {
      seen = await found();
    }
    const known = await expected();
    expect(seen).toEqual(known);
    const kinds = Object.entries(known).filter(([key]) => !key.endsWith("channels"));
    expect(kinds.reduce((sum, [, count]) => sum + count, 0)).toBe(total);
  }

  const cpu = async (): Promise<number> =>
    Number(await evaluate(node, "element(1, erlang:statistics(runtime))", { language: "erlang" }));

  it("are counted as the clients count, with no more memory than for a thousand", {
    timeout: 400_000,
  }, async () => {
    await grow(1);
    await agree(1_000);
    const small = await peakOf(node, () => connections(remote));
    await grow(9);
    await agree(10_000);
    const large = await peakOf(node, () => connections(remote));

    const [began, busy] = [performance.now(), await cpu()];
    await connections(remote);
    const [took, spent] = [performance.now() - began, (await cpu()) - busy];
    console.log(
      `10 000 connections: ${Math.round(took)} ms, of which the node computes ${spent} ms; its biggest process ` +
        `takes ${kib(small.taken)} KiB for 1 000 and ${kib(large.taken)} KiB for 10 000, ` +
        `of which ${kib(small.filled)} and ${kib(large.filled)} are filled`,
    );
    expect(small.filled).toBeGreaterThan(50_000); // the measuring works
    // With all rows in one answer: 7.4 MiB taken, and 7.4 times as much filled as for a thousand.
    expect(large.taken).toBeLessThan(4 * 1024 * 1024);
    expect(large.filled).toBeLessThan(2 * small.filled);
  });

  it("come in batches, each connection once and with its channels", async () => {
    const whole = await detectSockets(remote, { topics: false });
    const batches = await detectSocketBatches(remote, { topics: false });
    if ("notDetected" in whole || "notDetected" in batches) throw new Error("not detected");
    const pids = new Set<string>();
    let [count, joined] = [0, 0];
    for await (const batch of batches) {
      expect(batch.connections.length).toBeLessThanOrEqual(250);
      const own = batch.connections.flatMap(({ channels }) => channels);
      expect(own).toHaveLength(batch.channels.length);
      for (const { pid } of batch.connections) pids.add(String(pid));
      count += batch.connections.length;
      joined += own.length;
    }
    expect(count).toBe(10_000);
    expect(pids.size).toBe(10_000);
    expect(joined).toBe(whole.channels.length);
    expect(whole.connections).toHaveLength(10_000);
  });

  it("leave the command as a summary, as lines and as one object, and a reader may go", {
    timeout: 120_000,
  }, async () => {
    await using cli = await Cli.for({ ...shop, port: shop.distPort });
    const known = await expected();
    const summary = await cli.run(["connections", "--summary", "--json"]);
    expect(summary).toMatchObject({ code: 0, stderr: "" });
    const rows = JSON.parse(summary.stdout) as Record<string, string | number>[];
    const websockets = rows.filter(({ kind }) => kind === "websocket");
    expect(websockets.map((row) => [row["listener"], row["connections"], row["channels"]])).toEqual(
      [
        [":plain", known[`${plain} websocket`], 0],
        [
          "Shop.Endpoint.HTTP",
          known[`${shop.httpPort} websocket`],
          known[`${shop.httpPort} channels`],
        ],
      ],
    );

    const lines = (await cli.run(["connections", "-o", "ndjson"])).stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(10_000);
    const object = JSON.parse((await cli.run(["connections", "--json"])).stdout) as {
      summary: unknown;
      connections: unknown[];
      unanswered: unknown[];
    };
    expect(object.summary).toEqual(rows);
    expect(object.connections).toHaveLength(10_000);
    expect(object.unanswered).toEqual([]);

    const table = await cli.run(["connections"]);
    expect(table.stdout.trimEnd().split("\n")).toHaveLength(10_001);
    expect(table.stderr).toContain(`:plain: ${known[`${plain} http-idle`]} http-idle\n`);

    const child = cli.spawn(["connections", "-o", "ndjson"]);
    const ended = once(child, "exit");
    await once(child.stdout as NodeJS.ReadableStream, "data");
    child.stdout?.destroy(); // as `head` does
    expect(await ended).toEqual([0, null]);
  });
});

function kib(bytes: number): number {
  return Math.round(bytes / 1024);
}
