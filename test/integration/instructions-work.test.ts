import { copyFile, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  CheckProcessesRunningOldCode,
  CodeChangeOnAppProcesses,
  defineInstruction,
  FinishRunningRequests,
  Info,
  ReloadModules,
  RerunFailedRequests,
  ResumeAppProcesses,
  ResumeChannels,
  type RunnableInstruction,
  Sleep,
  SuspendAppProcesses,
  SuspendChannels,
  SuspendRanchAcceptors,
} from "../../src/instructions/index.ts";
import type { BeamNode } from "../../src/node/index.ts";
import { atom, binary, charlist, inspect, type Pid } from "../../src/term/index.ts";
import { connections } from "../../src/topology/index.ts";
import { hasRabbit, provision } from "../support/index.ts";
import { type Bench, openBench } from "../support/shop/bench.ts";
import { buildShop } from "../support/shop/build.ts";
import type { ShopNode } from "../support/shop/start.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
let bench: Bench;
let node: BeamNode;
let shop: ShopNode;

beforeAll(async () => {
  if (!HAVE) return;
  bench = await openBench();
  ({ node, shop } = bench);
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const looking: Bench["looking"] = (...args) => bench.looking(...args);
const run: Bench["run"] = (...args) => bench.run(...args);
const clean: Bench["clean"] = (...args) => bench.clean(...args);
const get: Bench["get"] = (...args) => bench.get(...args);

const COUNTER = "Elixir.Shop.Counter";

describe.runIf(HAVE)("FinishRunningRequests and RerunFailedRequests", () => {
  it("count requests, wait for them and go on without those that last", async () => {
    expect((await run(FinishRunningRequests)).lines.at(-1)).toBe("info: no requests are running");
    const short = get("/slow?ms=600");
    await requests(1);
    const finished = await run(FinishRunningRequests, { drainTimeout: 60_000 });
    expect(finished.lines.at(-1)).toBe("info: 1 of 1 running requests finished");
    await short;
    const long = get("/slow?ms=3000");
    await requests(1);
    const { lines, facts } = await run(FinishRunningRequests, { drainTimeout: 100 });
    expect(lines.slice(-2)).toEqual([
      "info: 0 of 1 running requests finished; 1 run on through the upgrade",
      expect.stringMatching(
        /^debug: <0\.\d+\.0> runs on: \{:current_function, \{Process, :sleep, 1\}\}$/,
      ),
    ]);
    expect(facts.notified).toEqual([]);
    await long;
  });

  it("tell requests of the upgrade only when that is wished", async () => {
    const long = get("/slow?ms=3000");
    await requests(1);
    const [request] = (await connections(node)).connections.flatMap((one) => one.requests);
    const { lines } = await run(RerunFailedRequests, { drainTimeout: 100, notifyRequests: true });
    expect(lines).toContain("info: told 1 requests that the upgrade starts");
    expect(lines).toContain("info: told 1 requests that the upgrade has finished");
    const queue = await node.call("erlang", "process_info", [request as Pid, atom("messages")]);
    expect(inspect(queue)).toBe("{:messages, [:upgrade_started, :upgrade_finished]}");
    await long;
  });

  const requests = (count: number) =>
    expect
      .poll(async () => (await connections(node)).connections.flatMap((one) => one.requests).length)
      .toBe(count);
});

describe.runIf(HAVE)("Info and Sleep", () => {
  it("write in both places", async () => {
    const { lines } = await run(Info, { argument: binary("the shop closes ~p soon") });
    expect(lines).toEqual(["info: the shop closes ~p soon"]);
  });

  it("count down, and take no nonsense", async () => {
    const { lines } = await run(Sleep, { argument: 1 });
    expect(lines).toEqual(["info: waiting 1 seconds", "\r1 seconds left ", "\rwaited 1 seconds\n"]);
    await expect(run(Sleep, { argument: -1 })).rejects.toThrow("-1 is no number of seconds");
  });
});

describe.runIf(HAVE)("the instructions for processes of changed modules", () => {
  let beam: string;
  let others: Record<"0.2.0" | "0.4.0", string>;

  beforeAll(async () => {
    const otp = await provision("otp27");
    beam = join(shop.root, "lib/shop-0.1.0/ebin", `${COUNTER}.beam`);
    const of = async (version: "0.2.0" | "0.4.0") =>
      join(await buildShop({ otp, version }), `lib/shop-${version}/ebin/${COUNTER}.beam`);
    others = { "0.2.0": await of("0.2.0"), "0.4.0": await of("0.4.0") };
    await copyFile(beam, `${beam}.original`);
  });

  const modules = { changedModules: [COUNTER] };
  const requestsOf = async () =>
    (await connections(node)).connections.flatMap(({ requests }) => requests);
  const value = () => node.call("Elixir.Shop.Counter", "value", []);

  it("find the supervised processes, suspend them and resume them", async () => {
    const { facts, lines } = await run(ResumeAppProcesses, modules);
    expect(facts.appProcesses).toMatchObject([{ modules: [COUNTER] }]);
    expect(lines).toEqual([
      "info: suspended 1 processes of 1 modules",
      "info: resumed 1 processes",
    ]);
    const none = await run(SuspendAppProcesses, { changedModules: ["lists"] });
    expect(none.facts.appProcesses).toEqual([]);
    await clean();
  });

  it("load what differs from the disk, and nothing else", async () => {
    const { lines } = await run(ReloadModules, modules);
    expect(lines).toEqual(["info: loaded 0 of 1 modules; the rest is as on the disk"]);
  });

  it("refuse while a supervisor hangs, as an install would", async () => {
    const sup = (await node.call("erlang", "whereis", [atom("Elixir.Shop.Supervisor")])) as Pid;
    await node.call("sys", "suspend", [sup]);
    await expect(run(SuspendAppProcesses, modules)).rejects.toThrow(
      "the release handler's walk through the supervisors fails: suspended_supervisor",
    );
    await node.call("sys", "resume", [sup]);
    await clean();
  });

  it("refuse a module in a sticky directory", async () => {
    const folder = charlist(join(shop.root, "lib/shop-0.1.0/ebin"));
    await copyFile(others["0.4.0"], beam);
    await node.call("code", "stick_dir", [folder]);
    await expect(run(ReloadModules, modules)).rejects.toThrow(
      "ReloadModules: Shop.Counter: :sticky_directory",
    );
    await node.call("code", "unstick_dir", [folder]);
    await copyFile(`${beam}.original`, beam);
  });

  it("refuse a beam that is not there, and leave the code as it is", async () => {
    await rename(beam, `${beam}.away`);
    await expect(run(ReloadModules, modules)).rejects.toThrow(/Shop\.Counter: .*nofile/);
    await rename(`${beam}.away`, beam);
    expect(await value()).toBeTypeOf("number");
  });

  it("name the process whose state did not change, and resume it", async () => {
    await copyFile(others["0.4.0"], beam);
    await expect(run(CodeChangeOnAppProcesses, modules)).rejects.toThrow(
      /^CodeChangeOnAppProcesses: 1 of 1 processes of Shop\.Counter did not change their state \(<0\.\d+\.0>: RuntimeError\)$/,
    );
    await clean();
  });

  it("refuse to load while a process runs old code, which nobody but a request of before does", async () => {
    const http = "Elixir.Shop.Http";
    const slow = get("/slow?ms=8000");
    await expect.poll(async () => (await requestsOf()).length).toBe(1);
    await node.call("code", "load_file", [atom(http)]); // the same code: what the request runs is old now
    const changed = { changedModules: [http] };
    const [request] = await requestsOf();
    await expect(run(CheckProcessesRunningOldCode, changed)).rejects.toThrow(
      `CheckProcessesRunningOldCode: processes still run old code of Shop.Http (${request})`,
    );
    const here = join(shop.root, `lib/shop-0.1.0/ebin/${http}.beam`);
    const other = join(await buildShop({ otp: await provision("otp27"), version: "0.2.0" }));
    await copyFile(here, `${here}.original`);
    await copyFile(join(other, `lib/shop-0.2.0/ebin/${http}.beam`), here);
    await expect(run(ReloadModules, changed)).rejects.toThrow(
      "ReloadModules: Shop.Http: 1 processes run its old code",
    );
    await rename(`${here}.original`, here);
    expect((await slow).status).toBe(200); // it was not killed
    const { lines } = await run(CheckProcessesRunningOldCode, changed);
    expect(lines).toEqual([
      "info: none of 1 modules has processes in old code; 1 have old code that no process runs",
    ]);
  });

  it("change the state of the processes, all in one go", async () => {
    await copyFile(others["0.2.0"], beam);
    const pid = await node.call("erlang", "whereis", [atom(COUNTER)]);
    const { ran, lines } = await run(CodeChangeOnAppProcesses, modules);
    expect(ran).toEqual(["SuspendAppProcesses", "ReloadModules", "CodeChangeOnAppProcesses"]);
    expect(lines.at(-1)).toBe("info: 1 processes changed their state");
    expect(await node.call("erlang", "whereis", [atom(COUNTER)])).toEqual(pid);
    expect(inspect(await node.call("sys", "get_state", [pid as Pid]))).toMatch(
      /^%\{pushes: \d+\}$/,
    );
    expect(await value()).toBeTypeOf("number");
    await clean();
    await rm(`${beam}.original`);
    expect((await readFile(beam)).length).toBeGreaterThan(0);
  });
});

describe.runIf(HAVE)("an instruction that changes the node", () => {
  it("gives back what it held when it fails", async () => {
    const broken = defineInstruction({
      name: "Broken",
      dependencies: [SuspendChannels],
      run: async () => {
        throw new Error("broken");
      },
    });
    await expect(run(broken)).rejects.toThrow("broken");
    await clean();
  });

  it("refuses to work without a guardian", async () => {
    const context = { ...looking(), facts: {}, config: {}, signal: undefined, print: () => {} };
    const all: RunnableInstruction[] = [
      SuspendChannels,
      ResumeChannels,
      SuspendRanchAcceptors,
      ReloadModules,
    ];
    for (const one of all) {
      await expect(one.run(context as never, atom("shop"))).rejects.toThrow(
        "refuses to change the node without a guardian on it",
      );
    }
  });
});
