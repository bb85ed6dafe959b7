/** Connections that come back: when, how often, and what ends them. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CookieRefusedError } from "../../src/dist/index.ts";
import { type BeamNode, keepConnected, type LocalNode, startNode } from "../../src/node/index.ts";
import { type Dial, KeptConnection } from "../../src/node/keep-connected.ts";
import { ConnectionRefusedError } from "../../src/transport/index.ts";

const refusal = () => new ConnectionRefusedError("127.0.0.1:1", undefined);

describe("with a clock of ours", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("waits twice as long after each failure, up to the most, and half of it by chance", async () => {
    const waits: number[] = [];
    const dial: Dial = () => Promise.reject(refusal());
    const kept = new KeptConnection("n@h", dial, {
      first: 100,
      most: 1_000,
      disconnected: (_reason, wait) => waits.push(wait as number),
    });
    await vi.advanceTimersByTimeAsync(10_000);
    const longest = [200, 400, 800, ...waits.slice(3).map(() => 1_000)];
    expect(waits.length).toBeGreaterThan(9);
    for (const [index, wait] of waits.entries()) {
      expect(wait).toBeLessThanOrEqual(longest[index] as number);
      expect(wait).toBeGreaterThanOrEqual((longest[index] as number) / 2);
    }
    await kept.close();
    const count = waits.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(waits).toHaveLength(count);
    expect(await kept.closed).toBeUndefined();
    await expect(kept.node()).rejects.toMatchObject({ code: "BEAM_ABORTED" });
  });

  it("a wait for the node ends by its time", async () => {
    const kept = new KeptConnection("n@h", () => Promise.reject(refusal()));
    const waiting = expect(kept.node({ timeout: 300 })).rejects.toMatchObject({
      code: "BEAM_TIMEOUT",
    });
    await vi.advanceTimersByTimeAsync(400);
    await waiting;
    await kept.close();
  });
});

it("an error that time does not mend ends it", async () => {
  let attempts = 0;
  const error = new CookieRefusedError("n@h");
  const kept = new KeptConnection("n@h", () => {
    attempts += 1;
    return Promise.reject(error);
  });
  await expect(kept.node({ timeout: 0 })).rejects.toBe(error);
  expect(await kept.closed).toBe(error);
  expect(attempts).toBe(1);
});

it("the user's policy decides, and what his functions throw ends it too", async () => {
  const seen: number[] = [];
  const again = (_error: unknown, attempt: number) => seen.push(attempt) < 3;
  const kept = new KeptConnection("n@h", () => Promise.reject(refusal()), { first: 1, again });
  expect(await kept.closed).toMatchObject({ name: "ConnectionRefusedError" });
  expect(seen).toEqual([1, 2, 3]);
  const failing = keepConnected("n@localhost", {
    cookie: () => Promise.reject(new Error("no vault")),
  });
  expect(await failing.closed).toMatchObject({ code: "BEAM_USAGE" });
});

it("comes back when the node does, for as long as it is kept", async () => {
  const start = (port: number): Promise<LocalNode> =>
    startNode("comes@localhost", { cookie: "shared", listen: { epmd: false, port } });
  let server = await start(0);
  const { port } = server;
  const came: BeamNode[] = [];
  const lost: string[] = [];
  const retry = {
    first: 5,
    most: 20,
    connected: (node: BeamNode) => came.push(node),
    disconnected: (reason: Error) => lost.push(reason.name),
  };
  const address = { host: "127.0.0.1", port };
  const kept = keepConnected("comes@localhost", { cookie: "shared", address, retry });
  const client = await startNode("client@localhost", { cookie: "shared", listen: false });
  const other = client.keepConnected("comes@localhost", { address, retry: { first: 5, most: 20 } });
  const first = await kept.node();
  await other.node();
  for (let time = 0; time < 3; time++) {
    await server.close();
    await expect.poll(() => [kept.current, other.current]).toEqual([undefined, undefined]);
    await expect.poll(() => lost.length).toBeGreaterThan(3 * time + 2);
    server = await start(port);
    const node = await kept.node();
    expect(node).not.toBe(first);
    expect(await node.ping()).toBeGreaterThan(0);
    expect(await (await other.node()).ping()).toBeGreaterThan(0);
  }
  expect(came).toHaveLength(4);
  await client.close();
  expect(await other.closed).toBeUndefined();
  await kept.close();
  expect(await came[3]?.closed).toBeUndefined();
  await server.close();
});

it("who sends faster than the other reads is told, and can wait", async () => {
  const server = await startNode("slow@localhost", { cookie: "shared", listen: { epmd: false } });
  const client = await startNode("fast@localhost", { cookie: "shared", listen: false });
  const node = await client.connect(server.name, { address: `127.0.0.1:${server.port}` });
  await using box = server.mailbox({ limit: 1_000, maxBytes: Number.POSITIVE_INFINITY });
  const chunk = new Uint8Array(500_000);
  expect(node.congested).toBe(false);
  let waited = 0;
  for (let count = 0; count < 400; count++) {
    node.send(box.pid, chunk);
    if (node.congested) {
      waited += 1;
      await node.drained();
      expect(node.congested).toBe(false);
    }
  }
  expect(waited).toBeGreaterThan(5);
  await expect.poll(() => box.size, { timeout: 20_000 }).toBe(400);
  node.send(box.pid, new Uint8Array(100_000_000));
  const drained = expect(node.drained()).rejects.toMatchObject({ code: "BEAM_NODE_DOWN" });
  await server.close();
  await drained;
  await client.close();
});
