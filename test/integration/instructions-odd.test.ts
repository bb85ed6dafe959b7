/** Instructions in odd company: beside each other, with arguments of another shape, on a node that cannot give back what was held. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients } from "../../examples/demo/clients.ts";
import { Guardian } from "../../src/guard/index.ts";
import {
  appendAfterPointOfNoReturn,
  bulkResume,
  bulkSuspend,
  CheckProcessesRunningOldCode,
  CheckRanchAcceptors,
  DEFAULT_CONFIG,
  defineInstruction,
  FinishRunningRequests,
  type InstructionContext,
  ResumeAppProcesses,
  type RunnableInstruction,
  SuspendAppProcesses,
  SuspendChannels,
  SuspendRanchAcceptors,
} from "../../src/instructions/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate, leftSuspended } from "../../src/otp/index.ts";
import { atom, Pid, type Term, tuple } from "../../src/term/index.ts";
import { listeners } from "../../src/topology/index.ts";
import { type RunInstructionOptions, runInstruction } from "../../src/upgrade/index.ts";
import { hasRabbit, provision } from "../support/index.ts";
import { type ShopNode, startShop } from "../support/shop/start.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
let state: string;
let shop: ShopNode;
let node: BeamNode;

beforeAll(async () => {
  if (!HAVE) return;
  state = await mkdtemp(join(tmpdir(), "beamctl-odd-"));
  shop = await startShop({ otp: await provision("otp27") });
  const address = { host: "127.0.0.1", port: shop.distPort };
  node = await connect(shop.name, { cookie: shop.cookie, address });
});

afterAll(async () => {
  await node?.close();
  await shop?.[Symbol.asyncDispose]();
  if (state) await rm(state, { recursive: true, force: true });
});

async function run(
  instruction: Pick<RunnableInstruction<readonly Term[]>, keyof RunnableInstruction>,
  options: Partial<RunInstructionOptions> = {},
) {
  const lines: string[] = [];
  await runInstruction(node, instruction, {
    config: { application: "shop", ...DEFAULT_CONFIG },
    stateDirectory: state,
    log: (level, line) => lines.push(`${level}: ${line}`),
    ...options,
  });
  return lines;
}

/** An instruction that does this after those. */
const after = (
  dependencies: readonly RunnableInstruction[],
  work: (context: InstructionContext) => Promise<void>,
) =>
  defineInstruction({
    name: "Test.After",
    insertWhere: appendAfterPointOfNoReturn,
    dependencies,
    run: work,
  });

describe.runIf(HAVE)("instructions", () => {
  it("count once what two of a run are about, and each resumes its own", async () => {
    const clients = await Clients.connect(shop.httpPort, 5);
    try {
      const seen: number[] = [];
      const both = after([SuspendChannels, SuspendAppProcesses], async (context) => {
        const { facts } = context;
        await SuspendChannels.run(context, atom("shop"));
        seen.push(facts.suspended.length, facts.appProcesses.length, facts.appSuspended.length);
        await ResumeAppProcesses.run(context, []);
        seen.push(context.guardian?.held.length ?? 0);
      });
      const changedModules = ["Elixir.Shop.RoomChannel", "Elixir.Shop.Counter"];
      const lines = await run(both, { changedModules });
      expect(lines.filter((line) => line.startsWith("warning"))).toEqual([]);
      expect(lines.filter((line) => / \d+ channels\b/.test(line))).toEqual([
        "info: suspended 5 of 5 channels; clients bear it for 10 s",
        "info: suspended 0 of 0 channels",
      ]);
      expect(seen).toEqual([6, 6, 1, 5]); // the channels wait for ResumeChannels
      expect(await leftSuspended(node)).toEqual([]);
    } finally {
      clients.close();
    }
  });

  it("tell a process from one of an earlier life of the node with the same number", async () => {
    await using guardian = await Guardian.arm(node, { stateDirectory: state });
    const started = "element(2, gen_server:start('Elixir.Agent.Server', fun() -> 0 end, []))";
    const pid = (await evaluate(node, started, { language: "erlang" })) as Pid;
    const former = new Pid(pid.node, pid.id, pid.serial, pid.creation - 1);
    const gone = ["errors", 1, [[former, "noproc"]]];
    const { result, suspended } = await bulkSuspend(guardian, [former, pid]);
    expect(suspended).toEqual([pid]);
    expect(result).toEqual(gone);
    const context = { node, guardian, log: () => undefined };
    expect(await bulkResume(context, [former, pid])).toEqual(gone);
    expect(await leftSuspended(node)).toEqual([]);
    await node.call("erlang", "exit", [pid, atom("kill")]);
  });

  it.each([
    [FinishRunningRequests.run, 500],
    [FinishRunningRequests.run, tuple(atom("shop"), -1)],
    [CheckProcessesRunningOldCode.run, atom("shop")],
    [SuspendAppProcesses.run, [1]],
  ])("take no argument of another shape (%#)", async (work, argument) => {
    const refused = after([CheckRanchAcceptors], (context) => work(context, argument as never));
    await expect(run(refused)).rejects.toMatchObject({ code: "BEAM_USAGE" });
  });

  it("that fail say before all that something could not be given back", async () => {
    const broken = after([SuspendRanchAcceptors], async () => {
      await node.call("code", "delete", [atom("ranch_acceptor")]); // none can start again
      await node.call("code", "set_path", [[]]);
      throw new Error("broken");
    });
    const config = {
      application: "shop",
      ...DEFAULT_CONFIG,
      acceptors: "refuse" as const,
    };
    await expect(run(broken, { config })).rejects.toMatchObject({
      code: "BEAM_UPGRADE",
      outcome: "suspended",
      message: "not everything that was held runs again (broken)",
    });
    expect(await listeners(node)).toMatchObject([{ status: "suspended" }]);
  });
});
