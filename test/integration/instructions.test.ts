/** edeliver's instructions one by one, on a live release: what each does, and each way that it fails. */

import { copyFile, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Clients } from "../../examples/demo/clients.ts";
import { Guardian } from "../../src/guard/index.ts";
import {
  bulkResume,
  bulkSuspend,
  bulkWaitForTermination,
  CheckProcessesRunningOldCode,
  CheckRanchAcceptors,
  CheckRanchConnections,
  CodeChangeOnAppProcesses,
  DEFAULT_CONFIG,
  defineInstruction,
  FinishRunningRequests,
  Info,
  type InstructionConfig,
  notifyRunningRequests,
  ReloadModules,
  RerunFailedRequests,
  ResumeAppProcesses,
  ResumeChannels,
  ResumeRanchAcceptors,
  type RunnableInstruction,
  Sleep,
  SuspendAppProcesses,
  SuspendChannels,
  SuspendRanchAcceptors,
} from "../../src/instructions/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate, leftSuspended, terminateChild } from "../../src/otp/index.ts";
import { atom, binary, inspect, Pid, type Term } from "../../src/term/index.ts";
import { connections, listeners } from "../../src/topology/index.ts";
import { type RunInstructionOptions, runInstruction } from "../../src/upgrade/index.ts";
import { hasRabbit, provision } from "../support/index.ts";
import { buildShop } from "../support/shop/build.ts";
import { type ShopNode, startShop } from "../support/shop/start.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
const COUNTER = "Elixir.Shop.Counter";
let state: string;
let shop: ShopNode;
let node: BeamNode;
let clients: Clients;

beforeAll(async () => {
  if (!HAVE) return;
  state = await mkdtemp(join(tmpdir(), "beamctl-instructions-"));
  shop = await startShop({ otp: await provision("otp27") });
  node = await connect(shop.name, {
    cookie: shop.cookie,
    address: { host: "127.0.0.1", port: shop.distPort },
  });
  clients = await Clients.connect(shop.httpPort, 5);
});

afterAll(async () => {
  clients?.close();
  await node?.close();
  await shop?.[Symbol.asyncDispose]();
  await rm(state, { recursive: true, force: true });
});

/** The context of a function that only looks, which keeps what is logged. */
function looking() {
  const lines: string[] = [];
  const log = (level: string, line: string) => void lines.push(`${level}: ${line}`);
  return { instruction: "Test", node, lines, log, guardian: undefined as Guardian | undefined };
}

async function run<Args extends Term>(
  instruction: Pick<RunnableInstruction<Args>, keyof RunnableInstruction<Args>>,
  options: Partial<InstructionConfig> & Partial<RunInstructionOptions> = {},
) {
  const lines: string[] = [];
  const { changedModules, argument, hold, signal, ...config } = options;
  const done = await runInstruction(node, instruction, {
    config: { application: "shop", ...DEFAULT_CONFIG, ...config },
    stateDirectory: state,
    ...(changedModules === undefined ? {} : { changedModules }),
    ...(argument === undefined ? {} : { argument }),
    ...(hold === undefined ? {} : { hold }),
    ...(signal === undefined ? {} : { signal }),
    log: (level, line) => lines.push(`${level}: ${line}`),
    print: (line) => lines.push(line),
  });
  return { ...done, lines };
}

const erlang = (source: string): Promise<Term> => evaluate(node, source, { language: "erlang" });

/** A process that takes no system messages. */
const plain = async (): Promise<Pid> =>
  (await erlang("spawn(fun() -> receive stop -> ok end end)")) as Pid;

/** A server that does nothing. */
const agent = async (): Promise<Pid> =>
  (await erlang("element(2, gen_server:start('Elixir.Agent.Server', fun() -> 0 end, []))")) as Pid;

async function clean(): Promise<void> {
  expect(await leftSuspended(node)).toEqual([]);
  expect(await listeners(node)).toMatchObject([{ status: "running" }]);
}

const get = (path: string) =>
  fetch(`http://127.0.0.1:${shop.httpPort}${path}`, { headers: { connection: "close" } });

describe.runIf(HAVE)("CheckRanchAcceptors", () => {
  it("leads from the application to its acceptors", async () => {
    const context = looking();
    const endpoint = await CheckRanchAcceptors.endpoint(context, "shop");
    expect(endpoint).toEqual({ module: "Shop.Endpoint", pid: expect.any(Pid) });
    const sup = await CheckRanchAcceptors.ranchListenerSup(context, "shop");
    const acceptorsSup = await CheckRanchAcceptors.ranchAcceptorsSup(context, sup);
    const acceptors = await CheckRanchAcceptors.ranchAcceptors(context, acceptorsSup);
    expect(acceptors).toHaveLength(10);
    expect(acceptors.every(({ pid }) => pid instanceof Pid)).toBe(true);
    expect(inspect(acceptors[0]?.id as Term)).toMatch(/^\{:acceptor, .*, 1\}$/);
    expect(context.lines).toEqual([]);
  });

  it.each([
    ["an application that does not run", "nonsense"],
    ["one without an endpoint", "kernel"],
  ])("aborts for %s, logged and thrown", async (_name, application) => {
    const context = looking();
    const message = `no Phoenix endpoint was found in ${application}`;
    await expect(CheckRanchAcceptors.endpoint(context, application)).rejects.toMatchObject({
      code: "BEAM_UPGRADE",
      message: `Test: ${message}`,
    });
    expect(context.lines).toEqual([`error: ${message}`]);
    await expect(CheckRanchAcceptors.ranchListenerSup(context, application)).rejects.toThrow(
      `no listener of ${application} was found`,
    );
  });

  it("finds them, and aborts while somebody holds one", async () => {
    const { lines, facts } = await run(CheckRanchAcceptors);
    expect(lines).toEqual(["info: found 10 acceptors on 1 listeners"]);
    expect(facts.listeners).toHaveLength(1);
    const [listener] = await listeners(node);
    const [first] = listener?.acceptors ?? [];
    await terminateChild(node, first?.supervisor as Pid, first?.id as Term);
    await expect(run(CheckRanchAcceptors)).rejects.toThrow(
      "CheckRanchAcceptors: listener Shop.Endpoint.HTTP is partial, not running",
    );
    await node.call("supervisor", "restart_child", [first?.supervisor as Pid, first?.id as Term]);
    await expect(run(CheckRanchAcceptors, { listeners: ["Other"] })).rejects.toMatchObject({
      message: `there is no listener Other on ${node.name}`,
      remedy: "It has: Shop.Endpoint.HTTP.",
    });
  });

  it("aborts where the acceptors are gone: a suspended listener", async () => {
    const context = looking();
    const sup = await CheckRanchAcceptors.ranchListenerSup(context, "shop");
    const ref = (await listeners(node))[0]?.ref as Term;
    await node.call("ranch", "suspend_listener", [ref]);
    await expect(CheckRanchAcceptors.ranchAcceptorsSup(context, sup)).rejects.toThrow(
      "the supervisor of the acceptors does not run",
    );
    await expect(run(CheckRanchAcceptors)).rejects.toThrow("is suspended, not running");
    await node.call("ranch", "resume_listener", [ref]);
    await clean();
  });
});

describe.runIf(HAVE)("CheckRanchConnections", () => {
  it("leads to the connections with their ids, and tells the websockets", async () => {
    const context = looking();
    const sup = await CheckRanchAcceptors.ranchListenerSup(context, "shop");
    const connsSup = await CheckRanchConnections.ranchConnectionsSup(context, sup);
    const found = await CheckRanchConnections.ranchConnections(context, connsSup);
    expect(found.map(({ id }) => inspect(id))).toEqual(Array(5).fill(":cowboy_clear"));
    const pids = found.map(({ pid }) => pid as Pid);
    const sockets = await CheckRanchConnections.websocketChannelConnections(context, "shop", pids);
    expect((sockets as Pid[]).map(String).sort()).toEqual(pids.map(String).sort());
    expect(await CheckRanchConnections.websocketChannelConnections(context, "shop", [])).toEqual(
      [],
    );
    await expect(
      CheckRanchConnections.ranchConnectionsSup(context, pids[0] as Pid).catch((error: Error) => {
        throw new Error(error.constructor.name);
      }),
    ).rejects.toThrow(); // and the connection was not asked: it lives
    expect((await connections(node)).connections).toHaveLength(5);
  });

  it("is after the acceptors, and aborts while a supervisor of connections hangs", async () => {
    const { ran, lines } = await run(CheckRanchConnections);
    expect(ran).toEqual(["CheckRanchAcceptors", "CheckRanchConnections"]);
    expect(lines.slice(1)).toEqual([
      "info: 5 of 5 connections are websockets",
      "info: 5 channel processes",
    ]);
    const [listener] = await listeners(node);
    const hung = listener?.supervisors.connections[0] as Pid;
    await node.call("sys", "suspend", [hung]);
    await expect(run(CheckRanchConnections)).rejects.toThrow(
      "CheckRanchConnections: connection supervisors do not answer: Shop.Endpoint.HTTP",
    );
    await node.call("sys", "resume", [hung]);
  });
});

describe.runIf(HAVE)("SuspendRanchAcceptors and ResumeRanchAcceptors", () => {
  it("hold: a client waits and is answered when it is given back", async () => {
    const running = run(SuspendRanchAcceptors, { hold: 700 });
    await expect.poll(async () => (await listeners(node))[0]?.status).toBe("held");
    const waiting = get("/health");
    expect((await running).lines.at(-1)).toBe("info: holding 10 acceptors; new clients wait");
    expect(await (await waiting).text()).toBe("ok");
    await clean();
  });

  it("resumes what was stopped, and says that all run", async () => {
    const { lines } = await run(ResumeRanchAcceptors);
    expect(lines.at(-1)).toBe("info: 10 acceptors run again");
    await clean();
  });
});

describe.runIf(HAVE)("SuspendChannels and ResumeChannels", () => {
  it.each([
    ["channels", 5],
    ["transports", 5],
    ["both", 10],
  ] as const)("suspend %s, and none is left", async (suspend, count) => {
    const { facts, lines } = await run(SuspendChannels, { suspend });
    expect(facts.suspended).toHaveLength(count);
    expect(lines.at(-1)).toMatch(new RegExp(`^info: suspended ${count} of ${count} `));
    await clean();
  });

  it("resume nothing when nothing is held", async () => {
    expect((await run(ResumeChannels)).lines.at(-1)).toBe("info: resumed 0 processes");
  });
});

describe.runIf(HAVE)("bulk work", () => {
  it("gives ok for none, not_supported when nobody can, and errors in the order of the input", async () => {
    await using guardian = await Guardian.arm(node, { stateDirectory: state });
    expect((await bulkSuspend(guardian, [])).result).toBe("ok");
    const [one, two, gone] = [await plain(), await plain(), await agent()];
    expect((await bulkSuspend(guardian, [one, two], 200)).result).toBe("not_supported");
    await node.call("erlang", "exit", [gone, atom("kill")]);
    const good = await agent();
    const { result, suspended } = await bulkSuspend(guardian, [two, good, gone, one], 200);
    expect(result).toEqual([
      "errors",
      3,
      [
        [two, "not_otp"],
        [gone, "noproc"],
        [one, "not_otp"],
      ],
    ]);
    expect(suspended.map(String)).toEqual([String(good)]);
    const context = { ...looking(), guardian };
    expect(await bulkResume(context, [good, gone], 500)).toEqual(["errors", 1, [[gone, "noproc"]]]);
    expect(await leftSuspended(node)).toEqual([]);
    for (const pid of [one, two, good]) await node.call("erlang", "exit", [pid, atom("kill")]);
  });

  it("suspends twice and resumes twice without harm", async () => {
    await using guardian = await Guardian.arm(node, { stateDirectory: state });
    const pid = await agent();
    expect((await bulkSuspend(guardian, [pid])).result).toBe("ok");
    expect((await bulkSuspend(guardian, [pid])).result).toEqual([
      "errors",
      1,
      [[pid, "already_held"]],
    ]);
    const context = { ...looking(), guardian };
    expect(await bulkResume(context, [pid])).toBe("ok");
    expect(await bulkResume(context, [pid])).toBe("ok");
    expect(await leftSuspended(node)).toEqual([]);
    await node.call("erlang", "exit", [pid, atom("kill")]);
  });

  it("resumes what somebody else suspended, and warns when it may wait without a limit", async () => {
    const pid = await agent();
    await node.call("sys", "suspend", [pid]);
    const context = looking();
    expect(await bulkResume(context, [pid], "infinity")).toBe("ok");
    expect(context.lines).toEqual([expect.stringMatching(/^warning: resuming without a limit/)]);
    expect(await leftSuspended(node)).toEqual([]);
    const deaf = await plain();
    expect(await bulkResume(looking(), [deaf], 100)).toBe("not_supported");
    for (const one of [pid, deaf]) await node.call("erlang", "exit", [one, atom("kill")]);
  });

  it("waits for an end no longer than it takes, and gives who is left", async () => {
    const [first, second] = [await plain(), await plain()];
    const waiting = bulkWaitForTermination(node, [first, second], 60_000);
    for (const pid of [first, second]) node.send(pid, atom("stop"));
    expect(await waiting).toEqual([]); // long before the minute is over
    const stays = await plain();
    expect(await bulkWaitForTermination(node, [stays, first], 200)).toEqual([stays]);
    expect(await bulkWaitForTermination(node, [], 60_000)).toEqual([]);
    notifyRunningRequests(node, [stays], atom("stop"));
    expect(await bulkWaitForTermination(node, [stays], 60_000)).toEqual([]);
  });
});

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
    expect(lines.at(-1)).toBe(
      "info: 0 of 1 running requests finished; 1 run on through the upgrade",
    );
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
