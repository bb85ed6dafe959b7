/** The example of an instruction of one's own, in an upgrade of a live release. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import plan, { CheckCounter } from "../../examples/own-instruction/plan.ts";
import {
  append,
  appendAfterPointOfNoReturn,
  defineInstruction,
  type InsertFun,
  insertBeforePointOfNoReturn,
  type PlanEntry,
} from "../../src/instructions/index.ts";
import { connect } from "../../src/node/index.ts";
import { leftSuspended, whichReleases } from "../../src/otp/index.ts";
import { atom, type Pid, tuple } from "../../src/term/index.ts";
import { planUpgrade, UpgradeError, type UpgradeEvent, upgrade } from "../../src/upgrade/index.ts";
import { hasRabbit, provision } from "../support/index.ts";
import { startShop } from "../support/shop/start.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
let state: string;

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "beamctl-own-"));
});
afterAll(() => rm(state, { recursive: true, force: true }));

async function open() {
  const shop = await startShop({ otp: await provision("otp25") });
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

describe.runIf(HAVE)("a plan with an instruction of one's own", () => {
  it("aborts before anything is touched while it does not hold, and goes through when it does", async () => {
    await using given = await open();
    const { node, shop } = given;
    const counter = (await node.call("erlang", "whereis", [atom("Elixir.Shop.Counter")])) as Pid;
    await node.call("sys", "suspend", [counter]);
    for (let sent = 0; sent < 101; sent++) await node.call("Elixir.Shop.Counter", "bump", []);
    const events: UpgradeEvent[] = [];
    const refused = upgrade(node, "0.2.0", { plan, stateDirectory: state });
    const error: unknown = await (async () => {
      for await (const event of refused) events.push(event);
    })().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UpgradeError);
    expect(error).toMatchObject({
      stage: "check",
      outcome: "unchanged",
      message: expect.stringContaining(
        "Shop.Relup.CheckCounter: 101 messages wait for the counter",
      ),
    });
    expect(events).toContainEqual(
      expect.objectContaining({
        type: "log",
        level: "error",
        text: "101 messages wait for the counter",
      }),
    );
    await expect.poll(() => shop.output()).toContain("beamctl: 101 messages wait for the counter"); // on the node too
    expect((await whichReleases(node)).find(({ status }) => status === "permanent")?.version).toBe(
      "0.1.0",
    );

    await node.call("sys", "resume", [counter]);
    await expect.poll(() => node.call("Elixir.Shop.Counter", "value", [])).toBe(101);
    const report = await upgrade(node, "0.2.0", { plan, stateDirectory: state });
    expect(report).toMatchObject({ to: "0.2.0", plan: "custom", leftSuspended: 0 });
    expect(report.steps.slice(0, 5)).toEqual([
      "Info",
      "CheckProcessesRunningOldCode",
      "CheckRanchAcceptors",
      "CheckRanchConnections",
      "Shop.Relup.CheckCounter",
    ]);
    expect(await leftSuspended(node)).toEqual([]);
    await expect
      .poll(() => shop.output())
      .toContain("beamctl: 0 messages wait for the counter, at most 100 may");
  });

  it("runs its checks twice and what changes something once", async () => {
    await using given = await open();
    const runs = new Map<string, number>();
    const counted = (name: string, insertWhere: InsertFun) =>
      defineInstruction({
        name,
        insertWhere,
        run: async () => void runs.set(name, (runs.get(name) ?? 0) + 1),
      });
    await upgrade(given.node, "0.2.0", {
      plan: [
        counted("Test.Check", insertBeforePointOfNoReturn),
        counted("Test.Before", appendAfterPointOfNoReturn),
        counted("Test.After", append),
      ],
      stateDirectory: state,
    });
    expect([...runs]).toEqual([
      ["Test.Check", 2],
      ["Test.Before", 1],
      ["Test.After", 1],
    ]);
  });

  it("is shown by planUpgrade with its place and its argument, in both lists", async () => {
    await using given = await open();
    await expect(planUpgrade(given.node, "0.2.0", { plan })).rejects.toMatchObject({
      message: "0.2.0 is not unpacked on the node",
      remedy: expect.stringContaining("`beamctl release unpack 0.2.0`"),
    });
    await upgrade(given.node, "0.2.0", { dryRun: true, stateDirectory: state });
    const view = await planUpgrade(given.node, "0.2.0", { plan });
    expect(view.steps.find(({ name }) => name === CheckCounter.name)).toEqual({
      part: "check",
      name: "Shop.Relup.CheckCounter",
      argument: tuple(atom("Elixir.Shop.Counter"), 100),
    });
    expect(view.steps.map(({ part }) => part).join(" ")).toBe(
      "check check check check check mark before before before before before install after after after after after after after",
    );
    const call = CheckCounter.callThis([tuple(atom("Elixir.Shop.Counter"), 100)]);
    expect(view.instructions.upInstructions).toContainEqual(call);
    expect(view.instructions.downInstructions).toContainEqual(call);
  });

  it("cannot do without what it needs", async () => {
    await using given = await open();
    await upgrade(given.node, "0.2.0", { dryRun: true, stateDirectory: state });
    const alone: readonly PlanEntry[] = [CheckCounter];
    await expect(planUpgrade(given.node, "0.2.0", { plan: alone })).rejects.toThrow(
      "Shop.Relup.CheckCounter needs CheckRanchAcceptors before it in the plan",
    );
  });
});
