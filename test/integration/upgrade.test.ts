/** Upgrades of the shop, a real release under real websockets: as they should go, and in every way that they can fail. */

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients } from "../../examples/demo/clients.ts";
import { Guardian, Journal, recover } from "../../src/guard/index.ts";
import { defineInstruction, EDELIVER } from "../../src/instructions/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { leftSuspended, whichApplications, whichReleases } from "../../src/otp/index.ts";
import { readRelupFile, writeRelup } from "../../src/relup/index.ts";
import type { Pid } from "../../src/term/index.ts";
import { listeners } from "../../src/topology/index.ts";
import { UpgradeError, type UpgradeOptions, upgrade } from "../../src/upgrade/index.ts";
import { Cli } from "../support/cli/run.ts";
import { FaultProxy } from "../support/fault-proxy.ts";
import { hasRabbit, provision } from "../support/index.ts";
import { type ShopNode, type ShopOptions, startShop } from "../support/shop/start.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "beamctl-upgrade-"));
});
afterAll(() => rm(state, { recursive: true, force: true }));

/** A shop and a link to it. */
async function open(options: Partial<ShopOptions> = {}) {
  const shop = await startShop({ otp: await provision("otp25"), ...options });
  const address = { host: "127.0.0.1", port: shop.distPort };
  const node = await connect(shop.name, { cookie: shop.cookie, address });
  return {
    shop,
    node,
    async [Symbol.asyncDispose]() {
      await node.close();
      await shop[Symbol.asyncDispose]();
    },
  };
}

const run = (node: BeamNode, version: string, options: UpgradeOptions = {}) =>
  upgrade(node, version, { stateDirectory: state, ...options });

async function failure(operation: PromiseLike<unknown>): Promise<UpgradeError> {
  const error = await Promise.resolve(operation).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(UpgradeError);
  expect((error as UpgradeError).remedy).toEqual(expect.any(String));
  return error as UpgradeError;
}

/** Nothing is suspended, and every acceptor runs. */
async function expectClean(node: BeamNode, version: string) {
  expect(await leftSuspended(node)).toEqual([]);
  const [listener] = await listeners(node);
  expect(listener).toMatchObject({ status: "running" });
  expect(listener?.acceptors).toHaveLength(10);
  const permanent = (await whichReleases(node)).find(({ status }) => status === "permanent");
  expect(permanent?.version).toBe(version);
}

describe.runIf(HAVE)("an upgrade", () => {
  it.each(["otp25", "otp27", "otp29"] as const)(
    "and its downgrade on %s lose nothing",
    async (set) => {
      await using given = await open({ otp: await provision(set) });
      const { node, shop } = given;
      const clients = await Clients.connect(shop.httpPort, 30);
      try {
        clients.start();
        for (const [version, direction] of [
          ["0.2.0", "up"],
          ["0.1.0", "down"],
        ] as const) {
          const operation = run(node, version, { direction });
          const stages: string[] = [];
          for await (const event of operation) {
            if (event.type === "stage" && event.state === "done") stages.push(event.stage);
          }
          expect(stages.join(" ")).toBe(
            "unpack check plan guard suspend drain install resume verify permanent",
          );
          expect(await operation).toMatchObject({
            to: version,
            direction,
            suspended: 30,
            held: 10,
            leftSuspended: 0,
            permanent: true,
            verified: {
              ok: true,
              modules: 11,
              items: [
                { what: "release", at: "installed", result: "ok" },
                { what: "applications", at: "installed", result: "ok" },
                { what: "modules", at: "installed", result: "ok" },
                { what: "processes", at: "installed", result: "ok" },
                { what: "listeners", at: "resumed", result: "ok" },
                { what: "channels", at: "resumed", result: "ok" },
                { what: "restarts", at: "resumed", result: "ok" },
                { what: "crashes", at: "resumed", result: "ok" },
              ],
            },
          });
          await expectClean(node, version);
        }
        await clients.stop();
        const figures = clients.figures();
        expect(figures).toMatchObject({ open: 30, same: 30, outOfOrder: 0 });
        expect(figures.answered).toBe(figures.sent);
      } finally {
        clients.close();
      }
    },
  );

  it("that is only tried changes nothing but the unpacked files", async () => {
    await using given = await open();
    const report = await run(given.node, "0.2.0", { dryRun: true });
    expect(report).toMatchObject({ dryRun: true, permanent: false, suspended: 0, held: 0 });
    expect(report.steps).toContain("SuspendChannels");
    const releases = await readdir(join(given.shop.root, "releases"));
    const packages = releases.filter((file) => file.includes(".tar.gz"));
    expect(packages).toEqual(["shop-0.2.0.tar.gz"]); // which OTP's own unpacking deletes
    await expectClean(given.node, "0.1.0");
  });

  it("by the minimal plan suspends nothing of its own", async () => {
    await using given = await open();
    const report = await run(given.node, "0.2.0", { plan: "minimal" });
    expect(report).toMatchObject({ suspended: 0, held: 0, plan: "minimal" });
    await expectClean(given.node, "0.2.0");
  });
});

describe.runIf(HAVE)("an upgrade that cannot be", () => {
  let given: Awaited<ReturnType<typeof open>>;
  let cli: Cli;
  beforeAll(async () => {
    given = await open({ packages: ["0.2.0", "0.3.0"] });
    const { name, cookie, distPort: port } = given.shop;
    cli = await Cli.for({ name, cookie, port });
  });
  afterAll(async () => {
    await cli?.[Symbol.asyncDispose]();
    await given?.[Symbol.asyncDispose]();
  });

  it.each<[string, string, UpgradeOptions, RegExp]>([
    ["of a version that does not exist", "9.9.9", {}, /shop-9\.9\.9\.tar\.gz does not exist/],
    ["of a version without a relup", "0.3.0", {}, /no relup leads from 0\.1\.0 to 0\.3\.0/],
    ["to what runs already", "0.1.0", {}, /shop 0\.1\.0 already runs/],
    ["in the other direction", "0.2.0", { direction: "down" }, /is an upgrade/],
  ])("%s is refused", async (_name, version, options, cause) => {
    const error = await failure(run(given.node, version, options));
    expect(error.message).toMatch(cause);
    expect(error.outcome).toBe("unchanged");
    await expectClean(given.node, "0.1.0");
  });

  it.each(["9.9.9", "0.3.0"])("%s ends the command with 3", async (version) => {
    const { code, stderr } = await cli.run(["release", "upgrade", version, "-yq"]);
    expect(stderr.trimEnd().split("\n")).toHaveLength(2);
    expect(code).toBe(3);
  });

  it.each([
    ["that is no term", "[{shop, [}].", /sys\.config cannot be used: line 1 holds no terms/],
    ["that is not there", undefined, /sys\.config cannot be used: enoent/],
  ])("with a configuration %s", async (_name, text, cause) => {
    await run(given.node, "0.2.0", { dryRun: true }); // it is unpacked now
    const file = join(given.shop.root, "releases/0.2.0/sys.config");
    const good = await readFile(file);
    await (text === undefined ? rm(file) : writeFile(file, text));
    const error = await failure(run(given.node, "0.2.0"));
    await writeFile(file, good);
    expect(error.message).toMatch(cause);
    expect(error).toMatchObject({ stage: "check", outcome: "unchanged" });
    await expectClean(given.node, "0.1.0");
  });

  it("while another controller guards the node", async () => {
    await using _other = await Guardian.arm(given.node, {
      stateDirectory: join(state, "other"),
      purpose: "something else",
    });
    const error = await failure(run(given.node, "0.2.0"));
    expect(error.message).toContain("something else");
    expect(error.outcome).toBe("unchanged");
    await expectClean(given.node, "0.1.0");
  });

  it("while somebody holds a listener", async () => {
    const [listener] = await listeners(given.node);
    const supervisor = listener?.supervisors.acceptors as Pid;
    const id = listener?.acceptors[0]?.id ?? 0;
    await given.node.call("supervisor", "terminate_child", [supervisor, id]);
    const error = await failure(run(given.node, "0.2.0"));
    expect(error.message).toMatch(/is (partial|held), not running/);
    await given.node.call("supervisor", "restart_child", [supervisor, id]);
    await expectClean(given.node, "0.1.0");
  });
});

describe.runIf(HAVE)("a downgrade to the version of a boot without RELEASES", () => {
  it.each(["otp25", "otp27"] as const)("is refused on %s: it would crash half way", async (set) => {
    await using given = await open({ otp: await provision(set), releasesFile: false });
    const { node } = given;
    expect(await run(node, "0.2.0")).toMatchObject({ to: "0.2.0", permanent: true });
    const error = await failure(run(node, "0.1.0"));
    expect(error.message).toContain("knows no applications of 0.1.0");
    expect(error.remedy).toContain("beamctl release prepare 0.1.0");
    expect(error).toMatchObject({ stage: "check", outcome: "unchanged" });
    const running = await whichApplications(node);
    expect(running.find(({ name }) => name === "shop")?.version).toBe("0.2.0");
    await expectClean(node, "0.2.0");
  });
});

describe.runIf(HAVE)("an upgrade that ends half way", () => {
  it("by a code_change that raises says that the node restarts, on what was permanent", async () => {
    await using given = await open({ packages: ["0.4.0"] });
    const { shop } = given;
    const error = await failure(run(given.node, "0.4.0"));
    expect(error.outcome).toBe("restarting");
    expect(error.stage).toBe("install");
    await shop.waitFor(/listens on port[\s\S]*listens on port/);
    const address = { host: "127.0.0.1", port: shop.distPort };
    await using again = await connect(shop.name, { cookie: shop.cookie, address });
    await expectClean(again, "0.1.0");
  });

  it("by an instruction behind the install says that the new version runs", async () => {
    await using given = await open();
    const { node } = given;
    const late = defineInstruction({
      name: "Test.Late",
      run: async () => {
        throw new Error("too late");
      },
    });
    const error = await failure(run(node, "0.2.0", { plan: [...EDELIVER, late] }));
    expect(error).toMatchObject({ stage: "resume", outcome: "changed" });
    const current = (await whichReleases(node)).find(({ status }) => status === "current");
    expect(current?.version).toBe("0.2.0");
    await expectClean(node, "0.1.0");
  });

  it("by a relup without a point of no return, which nobody may go on with", async () => {
    await using given = await open();
    const { node } = given;
    await run(node, "0.2.0", { dryRun: true }); // unpacks
    const { relup } = await readRelupFile(node, "0.2.0");
    const up = relup.up.map((entry) => ({ ...entry, instructions: [] }));
    await writeRelup(node, "0.2.0", { ...relup, up });
    for (const options of [{ plan: "minimal", permanent: false }, { inRelup: true }] as const) {
      const error = await failure(run(node, "0.2.0", options));
      expect(error).toMatchObject({ stage: "unpack", outcome: "unchanged" });
      expect(error.message).toContain("this relup has no point of no return");
    }
    await expectClean(node, "0.1.0");
  });

  it("by a cancel while all is held gives everything back", async () => {
    await using given = await open();
    const clients = await Clients.connect(given.shop.httpPort, 10);
    try {
      clients.start();
      await slowRequest(given.shop);
      const operation = run(given.node, "0.2.0", { drainTimeout: 20_000 });
      for await (const event of operation) {
        if (event.type === "stage" && event.stage === "drain" && event.state === "start") {
          expect((await leftSuspended(given.node)).length).toBe(10);
          operation.cancel();
          break;
        }
      }
      const error = await failure(operation);
      expect(error.outcome).toBe("unchanged");
      await expectClean(given.node, "0.1.0");
      await clients.stop();
      const { sent, answered, same } = clients.figures();
      expect([answered, same]).toEqual([sent, 10]);
    } finally {
      clients.close();
    }
  });

  it("by the loss of the link says that it cannot know; the node undoes it, and recover tells", async () => {
    await using given = await open();
    const { shop } = given;
    await using proxy = await FaultProxy.start(shop.distPort);
    const clients = await Clients.connect(shop.httpPort, 10);
    try {
      const address = { host: "127.0.0.1", port: proxy.port };
      await using node = await connect(shop.name, { cookie: shop.cookie, address });
      await slowRequest(shop);
      const operation = run(node, "0.2.0", { drainTimeout: 20_000 });
      for await (const event of operation) {
        if (event.type === "stage" && event.stage === "drain") break;
      }
      expect((await leftSuspended(given.node)).length).toBe(10);
      proxy.cut();
      const error = await failure(operation);
      expect(error).toMatchObject({ stage: "drain", outcome: "unknown" });
      expect(error.remedy).toContain("beamctl recover");
      await expect.poll(() => leftSuspended(given.node)).toEqual([]);
      await using journal = await Journal.open(shop.name, state);
      const { operations, nothingLeft } = await recover(given.node, journal);
      expect(operations).toMatchObject([{ undoneByGuard: { resumed: 20, restarted: 0 } }]);
      expect(nothingLeft).toBe(true);
      await expectClean(given.node, "0.1.0");
    } finally {
      clients.close();
    }
  });

  it("by Ctrl-C ends the command with 130 and the node as it was", async () => {
    await using given = await open();
    const { name, cookie, distPort: port } = given.shop;
    await using cli = await Cli.for({ name, cookie, port });
    await slowRequest(given.shop);
    const child = cli.spawn(["release", "upgrade", "0.2.0", "--yes", "--drain", "20s"]);
    let stderr = "";
    child.stderr?.on("data", (data: Buffer) => {
      const drained = stderr.includes("drain start");
      stderr += data.toString();
      if (!drained && stderr.includes("drain start")) child.kill("SIGINT");
    });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    expect(stderr).toContain("stopping safely");
    expect(code).toBe(130);
    await expectClean(given.node, "0.1.0");
  });
});

/** Resolves when a request runs that outlasts every check on a busy machine. */
async function slowRequest(shop: ShopNode): Promise<void> {
  const request = get({
    host: "127.0.0.1",
    port: shop.httpPort,
    path: "/slow?ms=15000",
    agent: false,
  });
  request.on("response", (response) => response.resume()).on("error", () => undefined);
  await new Promise((resolve) => request.on("finish", resolve));
}
