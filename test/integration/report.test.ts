/** Reports and budgets on real systems: what is reported against what was seen, holds that end early, clients that leave. */

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients } from "../../examples/demo/clients.ts";
import {
  appendAfterPointOfNoReturn,
  defineInstruction,
  EDELIVER,
  type SuspendTarget,
  type Target,
  targets,
} from "../../src/instructions/index.ts";
import type { BeamNode } from "../../src/node/index.ts";
import { leftSuspended, whichReleases } from "../../src/otp/index.ts";
import { detectSockets, idleTimeouts } from "../../src/topology/index.ts";
import {
  holdChannels,
  UpgradeError,
  type UpgradeOptions,
  upgrade,
} from "../../src/upgrade/index.ts";
import { Cli } from "../support/cli/run.ts";
import { hasRabbit, provision } from "../support/index.ts";
import { joined, link, until } from "../support/island/clients.ts";
import { startIsland } from "../support/island/start.ts";
import { openShop } from "../support/shop/open.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "beamctl-report-"));
});
afterAll(() => rm(state, { recursive: true, force: true }));

/** Waits while all is held, and tells how long that was. */
function pausing(milliseconds: number) {
  let lasted = 0;
  const instruction = defineInstruction({
    name: "Test.Pause",
    insertWhere: appendAfterPointOfNoReturn,
    run: async () => {
      const began = performance.now();
      await delay(milliseconds);
      lasted = performance.now() - began;
    },
  });
  return { instruction, lasted: () => lasted };
}

async function failure(node: BeamNode, options: UpgradeOptions): Promise<UpgradeError> {
  const error: unknown = await upgrade(node, "0.2.0", { stateDirectory: state, ...options }).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(UpgradeError);
  return error as UpgradeError;
}

async function expectOld(node: BeamNode) {
  expect(await leftSuspended(node)).toEqual([]);
  const permanent = (await whichReleases(node)).find(({ status }) => status === "permanent");
  expect(permanent?.version).toBe("0.1.0");
}

describe.runIf(HAVE)("the report of an upgrade", () => {
  let given: Awaited<ReturnType<typeof openShop>>;
  let clients: Clients;
  beforeAll(async () => {
    given = await openShop();
    clients = await Clients.connect(given.shop.httpPort, 20);
    clients.start();
  });
  afterAll(async () => {
    clients?.close();
    await given?.[Symbol.asyncDispose]();
  });

  it("of one that was ended early by its budget says so; nothing is lost", async () => {
    const { instruction } = pausing(400);
    const plan = [...EDELIVER, instruction];
    const error = await failure(given.node, { plan, budget: { soft: 300 }, drainTimeout: 50 });
    expect(error).toMatchObject({ outcome: "unchanged", code: "BEAM_UPGRADE" });
    expect(error.message).toContain("300 ms of the budget were over before the install");
    expect(error.remedy).toContain("--budget");
    expect(error.report).toMatchObject({
      ...{ schema: 1, kind: "upgrade", result: "failed", from: "0.1.0", to: "0.2.0" },
      failure: { outcome: "unchanged" },
      budget: { soft: 300, stopped: expect.stringContaining("were over") },
      pauses: [{ group: "channels", count: 20, unknown: 0 }],
      counts: { suspended: 20, heldAcceptors: 10, left: 0, clientsLeft: 0 },
    });
    await expectOld(given.node);
  });

  it("of one that was ended early by what waited says so", async () => {
    void slowRequest(given.shop.httpPort, 5_000);
    const error = await failure(given.node, { budget: { queue: 5 }, drainTimeout: 20_000 });
    expect(error.message).toMatch(/\d+ messages waited for one held process/);
    expect(error).toMatchObject({ outcome: "unchanged" });
    const queues = error.report?.queues;
    expect(queues?.max).toBeGreaterThanOrEqual(5);
    expect(queues?.sum).toBeGreaterThanOrEqual(queues?.max ?? 0);
    const sums = queues?.samples.map(({ sum }) => sum) ?? [];
    expect(sums).toEqual(sums.toSorted((left, right) => left - right)); // nobody worked them off
    await expectOld(given.node);
  });

  it("has the pause of every process, within the hold, not shorter than it was", async () => {
    const { instruction, lasted } = pausing(700);
    const events: string[] = [];
    const operation = upgrade(given.node, "0.2.0", {
      ...{ stateDirectory: state, plan: [...EDELIVER, instruction], drainTimeout: 100 },
      budget: { soft: 20_000 },
    });
    for await (const event of operation) if (event.type === "budget") events.push(event.stage);
    const report = await operation;
    const { hold, install, stages, steps } = report.timeline;
    expect(report).toMatchObject({ result: "done", failure: null, listeners: [{ acceptors: 10 }] });
    const [channels] = report.pauses;
    expect(channels).toMatchObject({ group: "channels", count: 20, unknown: 0 });
    expect(channels?.min).toBeGreaterThanOrEqual(lasted());
    expect(channels?.max).toBeLessThanOrEqual((hold?.end ?? 0) - (hold?.start ?? 0));
    expect(channels?.p50).toBeLessThanOrEqual(channels?.p99 ?? 0);
    // The order in which it happened.
    expect(hold?.start).toBeLessThan(install?.start ?? 0);
    expect(install?.end).toBeLessThan(hold?.end ?? 0);
    for (const spans of [stages, steps]) {
      const starts = spans.map(({ start }) => start);
      expect(starts).toEqual(starts.toSorted((left, right) => left - right));
    }
    expect(stages.map(({ name }) => name).join(" ")).toBe(
      "unpack check plan guard suspend drain install resume verify permanent",
    );
    expect(steps.map(({ name }) => name)).toContain("Test.Pause");
    // Clients push every 50 ms. The relup's own resume wakes the channels that it changes, so at ours nothing need wait any more.
    expect(report.queues?.sum).toBeGreaterThan(0);
    expect(report.queues?.atResume.sum).toBeLessThanOrEqual(report.queues?.sum ?? 0);
    expect(events[0]).toBe("check");
    expect(events.length).toBeGreaterThan(1);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    await clients.stop();
    const { sent, answered, same, outOfOrder } = clients.figures();
    expect([answered, same, outOfOrder]).toEqual([sent, 20, 0]);
  });
});

describe.runIf(HAVE)("the command", () => {
  let given: Awaited<ReturnType<typeof openShop>>;
  let cli: Cli;
  beforeAll(async () => {
    given = await openShop();
    const { name, cookie, distPort: port } = given.shop;
    cli = await Cli.for({ name, cookie, port });
  });
  afterAll(async () => {
    await cli?.[Symbol.asyncDispose]();
    await given?.[Symbol.asyncDispose]();
  });

  const files = (name: string) =>
    ["html", "json", "txt"].map((end) => join(state, `${name}.${end}`));
  const read = (name: string) => Promise.all(files(name).map((file) => readFile(file, "utf8")));

  it("writes the reports of a failed run, and then of a good one, and shows the figures", async () => {
    const bad = await cli.run(["release", "upgrade", "9.9.9", "-y", "--report", ...files("bad")]);
    expect(bad.code).toBe(3);
    const [page, json, text] = await read("bad");
    expect(page).toContain("failed at unpack: the node is unchanged");
    expect(JSON.parse(json ?? "")).toMatchObject({ schema: 1, result: "failed", to: "9.9.9" });
    expect(text).toContain("what to do");
    const good = await cli.run(["release", "upgrade", "0.2.0", "-y", "--report", ...files("good")]);
    expect(good.code).toBe(0);
    expect(good.stdout).toContain("upgrade of shop 0.1.0 → 0.2.0");
    expect(good.stdout).toContain("Shop.Endpoint.HTTP: new clients waited");
    expect(good.stderr).toContain("check: ---> a hold of at most 8000 ms");
    const [drawn] = await read("good");
    expect(drawn).toContain("<svg");
    const down = await cli.run(["release", "downgrade", "0.1.0", "-y", "--json"]);
    expect(JSON.parse(down.stdout)).toMatchObject({ schema: 1, kind: "downgrade", result: "done" });
  });

  it("refuses a hold over the budget, and a report of no known form, before anything is done", async () => {
    const long = await cli.run(["chan", "suspend", "--for", "60s", "-y"]);
    expect([long.code, long.stderr]).toEqual([64, expect.stringContaining("--hard-budget")]);
    const odd = await cli.run(["release", "upgrade", "0.2.0", "-y", "--report", "report.pdf"]);
    expect([odd.code, odd.stderr]).toEqual([64, expect.stringContaining(".html, .json or .txt")]);
    const none = await cli.run(["release", "upgrade", "0.2.0", "-y", "--budget", "0"]);
    expect(none.code).toBe(64);
    const args = ["instruction", "run", "SuspendRanchAcceptors", "-y", "--for", "100ms"];
    const run = await cli.run([...args, "--report", ...files("run")]);
    expect(run.code).toBe(0);
    const [, json] = await read("run");
    expect(JSON.parse(json ?? "")).toMatchObject({
      ...{ kind: "instruction", counts: { heldAcceptors: 10 }, listeners: [{ mode: "hold" }] },
    });
  });
});

/** Holds `wanted` until `leave` is done, and gives the report. */
async function holdWhile(
  node: BeamNode,
  suspend: SuspendTarget,
  count: number,
  leave: () => void | Promise<void>,
) {
  const found = (await targets({ node }, suspend)) as readonly Target[];
  expect(found).toHaveLength(count);
  const stop = new AbortController();
  return holdChannels(node, found, {
    ...{ suspend, time: 0, stateDirectory: state, signal: stop.signal },
    log: (_level, text) => {
      if (!text.includes("Ctrl-C")) return;
      void (async () => {
        await leave();
        stop.abort();
      })();
    },
  });
}

describe("clients that leave while they are held", () => {
  it.each(["channels", "transports"] as const)(
    "are counted behind Thousand Island, with %s held",
    async (suspend) => {
      await using island = await startIsland({ otp: await provision("otp25"), acceptors: 4 });
      await using node = await link(island);
      const sockets = await Promise.all([1, 2, 3, 4, 5].map((n) => joined(island, `room:${n}`)));
      const { report } = await holdWhile(node, suspend, 5, async () => {
        // One leaves silently, one with a push under way that its process has not read.
        const [silent, pushing] = sockets;
        pushing?.send(JSON.stringify(["1", "2", "room:2", "push", {}]));
        pushing?.send(JSON.stringify(["1", "3", "room:2", "push", {}]));
        await delay(100);
        silent?.terminate();
        pushing?.close();
        await delay(200);
      });
      expect(report.counts).toMatchObject({ suspended: 5, clientsLeft: 2, left: 0 });
      expect(report.pauses).toMatchObject([{ group: suspend, count: 5 }]);
      for (const socket of sockets) socket.terminate();
    },
  );
});

describe.runIf(HAVE)("behind Cowboy", () => {
  let given: Awaited<ReturnType<typeof openShop>>;
  beforeAll(async () => {
    given = await openShop();
  });
  afterAll(() => given?.[Symbol.asyncDispose]());

  it.each(["channels", "both"] as const)(
    "clients that leave are counted, with %s held",
    async (suspend) => {
      const { shop, node } = given;
      const staying = await Clients.connect(shop.httpPort, 3);
      const leaving = await Clients.connect(shop.httpPort, 2);
      const all = suspend === "both" ? 10 : 5;
      const { report } = await holdWhile(node, suspend, all, async () => {
        leaving.start();
        await delay(150); // some pushes are read, the rest waits in the kernel
        leaving.close();
        await delay(100);
      });
      expect(report.counts).toMatchObject({ suspended: all, clientsLeft: 2, left: 0 });
      expect(report.log.some(({ text }) => text.includes("2 clients left"))).toBe(true);
      if (suspend === "both") {
        expect(report.log[0]?.text).toContain("done twice");
        expect(report.budget?.hard).toBe(25_000);
      }
      staying.close();
      await until(async () => ((await targets({ node }, "both")) as Target[]).length === 0);
    },
  );

  it("the idle timeout is read from the websockets, and lowers the budget", async () => {
    const { node, shop } = given;
    const clients = await Clients.connect(shop.httpPort, 2);
    const found = await detectSockets(node, { topics: false });
    const { connections } = found as Exclude<typeof found, { notDetected: string }>;
    expect(await idleTimeouts(node, connections)).toEqual([
      { listener: "Shop.Endpoint.HTTP", timeout: 60_000 },
    ]);
    const report = await upgrade(node, "0.2.0", {
      ...{ stateDirectory: state, dryRun: true, suspend: "transports" },
      budget: { soft: 80_000, hard: 90_000 },
    });
    const lines = report.log.map(({ text }) => text).join("\n");
    expect(lines).toContain("of 2 processes of at most 25000 ms");
    expect(lines).toContain("the idle timeout of Shop.Endpoint.HTTP is 60000 ms");
    clients.close();
  });
});

async function slowRequest(port: number, milliseconds: number): Promise<void> {
  const request = get({ host: "127.0.0.1", port, path: `/slow?ms=${milliseconds}`, agent: false });
  request.on("response", (response) => response.resume()).on("error", () => undefined);
  await new Promise((resolve) => request.on("finish", resolve));
}
