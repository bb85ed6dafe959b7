/** Many links: a thousand to one node, and a hundred nodes from one process. What a link costs is printed, and must not grow. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { type BeamNode, connect, type LocalNode, startNode } from "../../src/node/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

/** How many of the hundred are real; the others are nodes of ours. */
const REAL = Number(process.env["BEAMCTL_SCALE_REAL"] ?? 6);
const NODES = 100;
const LINKS = 1_000;
const STEP = 250;

let erl: BeamProcess;
beforeAll(async () => {
  erl = await startErl({ otp: await provision("otp27"), args: ["+Q", "8192"] });
});
afterAll(async () => {
  await erl?.[Symbol.asyncDispose]();
});

function memory(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

it("a thousand links to one node, each used", { timeout: 120_000 }, async () => {
  const address = { host: "127.0.0.1", port: erl.port };
  const nodes: BeamNode[] = [];
  const costs: { perLink: number; bytes: number }[] = [];
  while (nodes.length < LINKS) {
    const before = memory();
    const began = performance.now();
    for (let count = 0; count < STEP / 25; count++) {
      const some = Array.from({ length: 25 }, () =>
        connect(erl.name, { cookie: erl.cookie, address }),
      );
      nodes.push(...(await Promise.all(some)));
    }
    const perLink = (performance.now() - began) / STEP;
    costs.push({ perLink, bytes: (memory() - before) / STEP });
  }
  expect(new Set(nodes.map(({ localName }) => localName)).size).toBe(LINKS);
  const sums = await Promise.all(nodes.map((node, n) => node.call("erlang", "+", [n, 1])));
  expect(sums).toEqual(nodes.map((_, n) => n + 1));
  const [node] = nodes as [BeamNode];
  expect(await node.call("erlang", "length", [await node.call("erlang", "nodes", [[]])])).toBe(0);
  const shown = costs.map(
    ({ perLink, bytes }) => `${perLink.toFixed(2)} ms and ${Math.round(bytes / 1024)} KiB`,
  );
  console.log(`a link costs, for each ${STEP} of them: ${shown.join(", ")}`);
  await Promise.all(nodes.map((one) => one.close()));
});

it("a hundred nodes from one process", { timeout: 300_000 }, async () => {
  const otp = await provision("otp27");
  const cookie = "a hundred";
  const real: BeamProcess[] = [];
  const ours: LocalNode[] = [];
  const hub = await startNode("hub@localhost", { cookie, listen: false });
  try {
    for (let count = 0; count < REAL; count++) real.push(await startErl({ otp, cookie }));
    for (let count = REAL; count < NODES; count++) {
      const listen = { epmd: false } as const;
      ours.push(await startNode(`leaf_${count}@localhost`, { cookie, listen }));
    }
    await using box = hub.mailbox({ name: "box" });
    const all = [...real, ...ours];
    const began = performance.now();
    const nodes = await Promise.all(
      all.map(({ name, port }) => hub.connect(name, { address: { host: "127.0.0.1", port } })),
    );
    const connected = performance.now() - began;
    expect(hub.nodes.size).toBe(NODES);
    await Promise.all(nodes.map((node) => node.ping()));
    for (const leaf of ours) leaf.send({ name: "box", node: hub.name }, 1);
    for (const node of nodes.slice(0, REAL)) await node.call("erlang", "send", [box.pid, 1]);
    for (let count = 0; count < NODES; count++) expect(await box.receive()).toBe(1);
    console.log(
      `${NODES} nodes, ${REAL} of them real: connected in ${Math.round(connected)} ms, ${(connected / NODES).toFixed(2)} ms each`,
    );
    // One that goes takes nothing along.
    await all.at(-1)?.[Symbol.asyncDispose]();
    await expect.poll(() => hub.nodes.size).toBe(NODES - 1);
    expect(await nodes[0]?.ping()).toBeGreaterThan(0);
  } finally {
    await hub.close();
    await Promise.all(ours.map((one) => one.close()));
    await Promise.all(real.map((one) => one[Symbol.asyncDispose]()));
  }
});
