/** A relup that calls us: our instructions at their very place in the release handler's run, and what becomes of it when they fail. */

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients } from "../../examples/demo/clients.ts";
import {
  append,
  appendAfterPointOfNoReturn,
  defineInstruction,
  EDELIVER,
  type InsertFun,
  type InstructionContext,
  insertAfterInstruction,
  insertBeforePointOfNoReturn,
  type PlanEntry,
} from "../../src/instructions/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { leftSuspended, whichApplications, whichReleases } from "../../src/otp/index.ts";
import {
  partsOf,
  readRelupFile,
  relupBackups,
  restoreRelup,
  writeRelup,
} from "../../src/relup/index.ts";
import { atom, equals, inspect, type Term } from "../../src/term/index.ts";
import { listeners } from "../../src/topology/index.ts";
import {
  callingVersions,
  planUpgrade,
  UpgradeError,
  type UpgradeOptions,
  upgrade,
} from "../../src/upgrade/index.ts";
import { hasRabbit, provision } from "../support/index.ts";
import { type ShopNode, startShop } from "../support/shop/start.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "beamctl-in-relup-"));
});
afterAll(() => rm(state, { recursive: true, force: true }));

async function open(otp: "otp25" | "otp27" | "otp29" = "otp25") {
  const shop = await startShop({ otp: await provision(otp) });
  const node = await link(shop);
  return {
    shop,
    node,
    async [Symbol.asyncDispose]() {
      await node.close();
      await shop[Symbol.asyncDispose]();
    },
  };
}

const link = (shop: ShopNode): Promise<BeamNode> =>
  connect(shop.name, {
    cookie: shop.cookie,
    address: { host: "127.0.0.1", port: shop.distPort },
  });

const go = (node: BeamNode, version: string, options: UpgradeOptions = {}) =>
  upgrade(node, version, { stateDirectory: state, inRelup: true, ...options });

const relupOf = (shop: ShopNode): Promise<string> =>
  readFile(join(shop.root, "releases/0.2.0/relup"), "utf8");

/** A plan with one instruction of ours at this place. */
const one = (
  run: (context: InstructionContext) => Promise<void>,
  insertWhere: InsertFun,
): readonly PlanEntry[] => [defineInstruction({ name: "Test.Ours", insertWhere, run })];

async function failure(operation: PromiseLike<unknown>): Promise<UpgradeError> {
  const error = await Promise.resolve(operation).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(UpgradeError);
  return error as UpgradeError;
}

describe.runIf(HAVE)("an upgrade whose relup calls us", () => {
  it.each(["otp25", "otp27", "otp29"] as const)(
    "does the whole ritual inside the install on %s, loses nothing and gives the relup back",
    async (otp) => {
      await using given = await open(otp);
      const { node, shop } = given;
      const clients = await Clients.connect(shop.httpPort, 20);
      try {
        clients.start();
        await upgrade(node, "0.2.0", { dryRun: true, stateDirectory: state }); // unpacks
        const before = await relupOf(shop);
        for (const version of ["0.2.0", "0.1.0"]) {
          const report = await go(node, version);
          expect(report).toMatchObject({ suspended: 20, held: 10, leftSuspended: 0 });
          expect(report.steps).toEqual(
            expect.arrayContaining(["load_object_code", "SuspendChannels"]),
          );
          expect(await relupOf(shop)).toBe(before);
          expect(await leftSuspended(node)).toEqual([]);
          expect(await listeners(node)).toMatchObject([{ status: "running" }]);
        }
        await clients.stop();
        const figures = clients.figures();
        expect(figures).toMatchObject({ open: 20, same: 20, outOfOrder: 0 });
        expect(figures.answered).toBe(figures.sent);
      } finally {
        clients.close();
      }
    },
  );

  it("runs an instruction between two of its own, when exactly what stands before is done", async () => {
    await using given = await open();
    const { node } = given;
    await upgrade(node, "0.2.0", { dryRun: true, stateDirectory: state });
    const { instructions } = await planUpgrade(node, "0.2.0", { plan: [] });
    const loads = instructions.upInstructions.filter((own) => partsOf(own).tag === "load");
    expect(loads.length).toBeGreaterThan(1);
    const moduleOf = (own: Term) => inspect(own).match(/Shop\.\w+/)?.[0] as string;
    const fresh = new Map<string, boolean>();
    const look = defineInstruction({
      name: "Test.Between",
      run: async (context) => {
        for (const own of loads) {
          const name = moduleOf(own);
          const from = await context.node.call("code", "is_loaded", [atom(`Elixir.${name}`)]);
          fresh.set(name, inspect(from).includes("shop-0.2.0"));
        }
      },
    });
    const plan: readonly PlanEntry[] = [
      (lists) => ({
        ...lists,
        upInstructions: insertAfterInstruction(
          lists.upInstructions,
          look.callThis([[]]),
          loads[0] as (typeof loads)[0],
        ),
      }),
      { ...look, modifyRelup: (lists) => lists }, // known by its name, placed above
    ];
    const names = (await planUpgrade(node, "0.2.0", { plan, inRelup: true })).steps.map(
      ({ name }) => name,
    );
    expect(names[names.indexOf("load") + 1]).toBe("Test.Between");
    await expect(planUpgrade(node, "0.2.0", { plan })).rejects.toThrow("stands between");
    await go(node, "0.2.0", { plan });
    const seen = loads.map((own) => fresh.get(moduleOf(own)));
    expect(seen).toEqual([true, ...Array(loads.length - 1).fill(false)]);
  });

  it("stops the channels before the relup stops whom they call", async () => {
    await using given = await open();
    const { node } = given;
    const still = async () => {
      const counter = await node.call("erlang", "whereis", [atom("Elixir.Shop.Counter")]);
      return (await leftSuspended(node)).some((pid) => equals(pid, counter));
    };
    const seen: boolean[] = [];
    const look = one(async () => void seen.push(await still()), appendAfterPointOfNoReturn);
    await upgrade(node, "0.2.0", { dryRun: true, stateDirectory: state });
    const { steps } = await planUpgrade(node, "0.2.0", { inRelup: true });
    const names = steps.map(({ name }) => name);
    expect(names.indexOf("suspend")).toBeGreaterThan(names.indexOf("FinishRunningRequests"));
    await go(node, "0.2.0", { plan: [...EDELIVER, ...look] });
    expect(seen).toEqual([false]);
    expect(await leftSuspended(node)).toEqual([]);
  });

  it("is refused where an instruction fails before the point of no return; the node is as it was", async () => {
    await using given = await open();
    const { node, shop } = given;
    const plan = one(async ({ instruction }) => {
      throw new Error(`${instruction} does not like it`);
    }, insertBeforePointOfNoReturn);
    const error = await failure(go(node, "0.2.0", { plan }));
    expect(error).toMatchObject({ stage: "check", outcome: "unchanged" });
    expect(error.message).toContain("Test.Ours does not like it");
    expect(await relupOf(shop)).not.toContain("beamctl_relup");
    expect((await whichReleases(node)).find(({ status }) => status === "permanent")?.version).toBe(
      "0.1.0",
    );
    expect(await go(node, "0.2.0")).toMatchObject({ to: "0.2.0" });
  });

  it("gives its own backup back, whatever was written meanwhile", async () => {
    await using given = await open();
    const { node, shop } = given;
    await upgrade(node, "0.2.0", { dryRun: true, stateDirectory: state }); // unpacks
    const before = await relupOf(shop);
    const again = one(async () => {
      const { relup } = await readRelupFile(node, "0.2.0");
      await writeRelup(node, "0.2.0", relup); // somebody's soft purge: a backup of the relup that calls us
      throw new Error("stop");
    }, insertBeforePointOfNoReturn);
    await failure(go(node, "0.2.0", { plan: again }));
    expect(await relupOf(shop)).toBe(before);
    const restored = one(async () => {
      await restoreRelup(node, "0.2.0", (await relupBackups(node, "0.2.0")).at(-1));
      throw new Error("stop");
    }, insertBeforePointOfNoReturn);
    const operation = go(node, "0.2.0", { plan: restored });
    const levels: string[] = [];
    const read = async () => {
      for await (const event of operation) if (event.type === "log") levels.push(event.level);
    };
    await failure(read());
    expect(levels).not.toContain("warning"); // there was nothing to give back
    expect(await relupOf(shop)).toBe(before);
  });

  it("lets an instruction take as long as the install may, and no longer", async () => {
    await using given = await open();
    const { node, shop } = given;
    await upgrade(node, "0.2.0", { dryRun: true, stateDirectory: state }); // unpacks
    let text = "";
    const looks = one(async () => {
      text = await relupOf(shop);
      await new Promise(() => undefined); // it never ends
    }, insertBeforePointOfNoReturn);
    const error = await failure(go(node, "0.2.0", { plan: looks, installTimeout: 1_500 }));
    expect(error).toMatchObject({ stage: "check", outcome: "unchanged" });
    expect(text).toMatch(/\{run,\d+\},\s*1500\]/);
    expect(await relupOf(shop)).not.toContain("beamctl_relup");
  });

  it("tells what the release handler had changed when one fails before it in the install alone", async () => {
    await using given = await open();
    const { node } = given;
    let runs = 0;
    const plan = one(async () => {
      if (++runs === 2) throw new Error("not any more");
    }, insertBeforePointOfNoReturn);
    const error = await failure(go(node, "0.2.0", { plan }));
    expect(error).toMatchObject({ stage: "install", outcome: "changed" });
    expect(error.message).toContain("not any more");
    expect(error.remedy).toContain("run it again");
    const versions = async () => [
      (await whichReleases(node)).find(({ status }) => status === "permanent")?.version,
      (await whichApplications(node)).find(({ name }) => name === "shop")?.version,
    ];
    expect(await versions()).toEqual(["0.1.0", "0.2.0"]);
    expect(await go(node, "0.2.0")).toMatchObject({
      to: "0.2.0",
      verified: { ok: true, modules: 11 },
    });
    expect(await versions()).toEqual(["0.2.0", "0.2.0"]);
  });

  it("restarts the node where one fails after it, as edeliver's does, and says so", async () => {
    await using given = await open();
    const { node, shop } = given;
    const plan = [
      ...EDELIVER,
      ...one(async () => {
        throw new Error("too late to say no");
      }, appendAfterPointOfNoReturn),
    ];
    const error = await failure(go(node, "0.2.0", { plan }));
    expect(error).toMatchObject({ stage: "install", outcome: "restarting" });
    expect(error.message).toContain("too late to say no");
    await expect.poll(() => again(shop), { timeout: 20_000 }).toBe("0.1.0");
  });

  it.each([
    ["before", insertBeforePointOfNoReturn, "unchanged"],
    ["after", append, "unknown"],
  ] as const)(
    "fails at once when we vanish %s the point of no return",
    async (_when, insertWhere, outcome) => {
      await using given = await open();
      const { node, shop } = given;
      const plan = one(async (context) => {
        await context.node.close({ timeout: 1 });
        await new Promise(() => undefined); // it never answers
      }, insertWhere);
      const started = shop.output().length;
      const error = await failure(go(node, "0.2.0", { plan }));
      expect(error).toMatchObject({ outcome });
      if (outcome === "unknown") {
        const since = () => shop.output().slice(started);
        await expect.poll(since, { timeout: 20_000 }).toContain("shop listens");
      }
      await expect.poll(() => again(shop), { timeout: 20_000 }).toBe("0.1.0");
      await using later = await link(shop);
      const refused = await failure(upgrade(later, "0.2.0", { stateDirectory: state }));
      expect(refused).toMatchObject({
        outcome: "unchanged",
        remedy: expect.stringContaining("`beamctl relup restore 0.2.0`"),
      });
      expect(await callingVersions(later)).toEqual(["0.2.0"]);
      await restoreRelup(later, "0.2.0");
      expect(await callingVersions(later)).toEqual([]);
      const [backup] = (await readdir(join(shop.root, "releases/0.2.0"))).filter((file) =>
        file.endsWith(".bak"),
      );
      expect(backup).toBeUndefined();
    },
  );
});

/** The version that runs, once the node answers again. */
async function again(shop: ShopNode): Promise<string | undefined> {
  try {
    await using node = await link(shop);
    if (inspect(await node.call("init", "get_status", [])) !== "{:started, :started}") {
      return undefined;
    }
    return (await whichReleases(node)).find(({ status }) => status === "permanent")?.version;
  } catch {
    return undefined;
  }
}
