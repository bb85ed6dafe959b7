/** What the world does meanwhile: listeners that restart, move or go, channels that cannot be stopped, a hold that is lost. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Guardian, GuardLostError } from "../../src/guard/index.ts";
import {
  append,
  appendAfterPointOfNoReturn,
  CheckRanchAcceptors,
  defineInstruction,
  EDELIVER,
  FinishRunningRequests,
  type InstructionContext,
  ReloadModules,
  ResumeRanchAcceptors,
  type RunnableInstruction,
  SuspendChannels,
  SuspendRanchAcceptors,
  stopTargets,
} from "../../src/instructions/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { leftSuspended, whichReleases } from "../../src/otp/index.ts";
import { atom, charlist, type Pid } from "../../src/term/index.ts";
import { channels, connections, listeners } from "../../src/topology/index.ts";
import { upgrade } from "../../src/upgrade/index.ts";
import { run as runProgram } from "../support/beam/run.ts";
import { hasRabbit, provision, startErl } from "../support/index.ts";
import { type Bench, openBench } from "../support/shop/bench.ts";
import { openShop } from "../support/shop/open.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
const SHOP = "Shop.Endpoint.HTTP";
let bench: Bench;
let node: BeamNode;

beforeAll(async () => {
  if (!HAVE) return;
  bench = await openBench();
  ({ node } = bench);
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const run: Bench["run"] = (...args) => bench.run(...args);

/** An instruction that does `work` before those that need it. */
const meanwhile = (work: (context: InstructionContext) => Promise<unknown>): RunnableInstruction =>
  defineInstruction({
    name: "Test.Meanwhile",
    insertWhere: appendAfterPointOfNoReturn,
    dependencies: [CheckRanchAcceptors],
    run: async (context) => void (await work(context)),
  });

const after = (instruction: RunnableInstruction, ...needed: RunnableInstruction[]) => ({
  ...instruction,
  dependencies: () => needed,
});

/** Ends the listener of the shop and starts it again, as its supervisor does after a crash. */
const RESTART = `
{_, Sup} = lists:keyfind('Elixir.Shop.Endpoint.HTTP', 1, ranch_server:get_listener_sups()),
Parent = hd(proplists:get_value('$ancestors', element(2, process_info(Sup, dictionary)))),
{Id, _, _, _} = lists:keyfind(Sup, 2, supervisor:which_children(Parent)),
ok = supervisor:terminate_child(Parent, Id),
(fun Again() -> case supervisor:restart_child(Parent, Id) of {ok, _} -> ok; _ -> timer:sleep(20), Again() end end)()`;

describe.runIf(HAVE)("channels", () => {
  it("of which one is held by somebody else are suspended without it, with a warning", async () => {
    const [first] = (await channels(node)) as readonly { readonly pid: Pid }[];
    await node.call("sys", "suspend", [first?.pid as Pid]);
    const { lines, facts } = await run(SuspendChannels);
    expect(lines).toContain("warning: 1 of 5 processes could not be suspended");
    expect(facts.suspended).toHaveLength(4);
    expect((await leftSuspended(node)).map(String)).toEqual([String(first?.pid)]); // theirs
    await node.call("sys", "resume", [first?.pid as Pid]);
    await bench.clean();
  });

  it("of a node whose stack is not known are a warning", async () => {
    await using erl = await startErl({ otp: await provision("otp25") });
    await using bare = await connect(erl.name, {
      cookie: erl.cookie,
      address: { host: "127.0.0.1", port: erl.port },
    });
    await using guardian = await Guardian.arm(bare, { stateDirectory: bench.state });
    const context = {
      ...bench.looking(),
      node: bare,
      guardian,
      config: {},
      facts: { suspended: [] },
    };
    await SuspendChannels.run(context as unknown as InstructionContext, atom("any"));
    expect(context.lines).toEqual([
      expect.stringMatching(
        /^warning: no channel can be seen, and none is suspended: neither Ranch/,
      ),
    ]);
  });

  it("that there is no safe way to stop are left alone and counted", async () => {
    await using guardian = await Guardian.arm(node, { stateDirectory: bench.state });
    const pid = await bench.agent();
    const stopped = await stopTargets(guardian, [{ pid, stop: "none" }], 500);
    expect(stopped).toEqual({ stopped: [], result: "ok", unsafe: 1 });
    expect(await leftSuspended(node)).toEqual([]);
    await node.call("erlang", "exit", [pid, atom("kill")]);
  });
});

describe.runIf(HAVE)("a listener that", () => {
  it("restarts between the check and the hold is not held, and nothing stays so", async () => {
    const restart = meanwhile(() => bench.erlang(RESTART));
    await expect(run(after(SuspendRanchAcceptors, restart), { listeners: [SHOP] })).rejects.toThrow(
      /^SuspendRanchAcceptors: 10 of 10 acceptors cannot be stopped: \w+$/,
    );
    await bench.clean();
  });

  it("comes back on another port is a warning, and one that is gone a failure", async () => {
    const start = `{ok, _} = cowboy:start_clear(other, #{socket_opts => [{ip, {127,0,0,1}}, {port, 0}], num_acceptors => 2}, #{}), ok`;
    await bench.erlang(start);
    const names = { listeners: [":other"], acceptors: "refuse" } as const;
    const both = after(ResumeRanchAcceptors, SuspendRanchAcceptors);
    const { lines } = await run(both, names);
    expect(lines.filter((line) => line.startsWith("warning"))).toEqual([
      expect.stringMatching(/^warning: :other listens on port \d+ now, before on \d+$/),
    ]);
    expect(lines.at(-1)).toBe("info: 2 acceptors run again");
    const stop = meanwhile(() => node.call("cowboy", "stop_listener", [atom("other")]));
    const gone = after(ResumeRanchAcceptors, after(stop, SuspendRanchAcceptors));
    await expect(run(gone, names)).rejects.toThrow(/there is no listener :other on/);
    expect((await listeners(node)).map(({ name }) => name)).toEqual([SHOP]);
  });
});

describe.runIf(HAVE)("a module whose on_load fails", () => {
  it("is not loaded, and named", async () => {
    const folder = await mkdtemp(join(tmpdir(), "beamctl-on-load-"));
    const otp = await provision("otp27");
    const compile = async (text: string) => {
      await writeFile(join(folder, "picky.erl"), `-module(picky).\n-export([v/0]).\n${text}`);
      await runProgram(otp.bin("erlc"), ["-o", folder, "picky.erl"], {
        cwd: folder,
        env: { ...process.env, ...otp.env },
      });
    };
    await compile("v() -> 1.\n");
    await node.call("code", "add_patha", [charlist(folder)]);
    await node.call("code", "load_file", [atom("picky")]);
    expect(await node.call("picky", "v", [])).toBe(1);
    await compile("-on_load(never/0).\nnever() -> {error, not_today}.\nv() -> 2.\n");
    await expect(run(ReloadModules, { changedModules: ["picky"] })).rejects.toThrow(
      "ReloadModules: picky: :on_load_failure",
    );
    expect(await node.call("picky", "v", [])).toBe(1);
    await rm(folder, { recursive: true });
  });
});

describe.runIf(HAVE)("a hold that is lost", () => {
  const kill = () => bench.erlang("exit(whereis(beamctl_guard), kill)");

  it("ends the wait for requests at once", async () => {
    const slow = bench.get("/slow?ms=4000");
    const busy = async () =>
      (await connections(node)).connections.flatMap(({ requests }) => requests).length;
    await expect.poll(busy).toBe(1);
    const waiting = run(FinishRunningRequests, { drainTimeout: 600_000 });
    await expect.poll(() => bench.erlang("whereis(beamctl_guard)").then(String)).toMatch(/<0/);
    await kill();
    await expect(waiting).rejects.toThrow(GuardLostError);
    expect(await busy()).toBe(1); // it had not waited for the request
    await slow;
  });

  it("does not restart the node in the middle of an install whose relup calls us", async () => {
    await using given = await openShop("otp25");
    const lose = defineInstruction({
      name: "Test.Lose",
      insertWhere: appendAfterPointOfNoReturn,
      run: async (context) => {
        const guard = await context.node.call("erlang", "whereis", [atom("beamctl_guard")]);
        await context.node.call("erlang", "exit", [guard, atom("kill")]);
        await expect.poll(() => context.guardian?.lost.aborted).toBe(true);
      },
    });
    let reached = false;
    const last = defineInstruction({
      name: "Test.Last",
      insertWhere: append,
      run: async () => void (reached = true),
    });
    const operation = upgrade(given.node, "0.2.0", {
      plan: [...EDELIVER, lose, last],
      inRelup: true,
      stateDirectory: bench.state,
    });
    const warnings: string[] = [];
    const error = await (async () => {
      for await (const event of operation) {
        if (event.type === "log" && event.level === "warning") warnings.push(event.text);
      }
      return undefined;
    })().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ outcome: "changed" });
    expect(warnings).toContain("ResumeChannels: the hold was lost, and all was given back");
    expect(reached).toBe(false); // it is skipped as well
    const releases = await whichReleases(given.node);
    expect(releases.find(({ status }) => status === "current")?.version).toBe("0.2.0");
    expect(await leftSuspended(given.node)).toEqual([]);
    expect(await listeners(given.node)).toMatchObject([{ status: "running" }]);
  });
});
