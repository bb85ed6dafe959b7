/** edeliver's instructions one by one, on a live release: what each does, and each way that it fails. */

import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Guardian } from "../../src/guard/index.ts";
import {
  bulkResume,
  bulkSuspend,
  bulkWaitForTermination,
  CheckRanchAcceptors,
  CheckRanchConnections,
  DEFAULT_CONFIG,
  defineInstruction,
  insertBeforePointOfNoReturn,
  noFacts,
  notifyRunningRequests,
  ResumeChannels,
  ResumeRanchAcceptors,
  SuspendChannels,
  SuspendRanchAcceptors,
} from "../../src/instructions/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate, leftSuspended, terminateChild } from "../../src/otp/index.ts";
import { atom, inspect, Pid, type Term } from "../../src/term/index.ts";
import { type Acceptor, connections, type Listener, listeners } from "../../src/topology/index.ts";
import { hasRabbit, provision, startErl } from "../support/index.ts";
import { type Bench, openBench } from "../support/shop/bench.ts";
import { type ShopNode, startShop } from "../support/shop/start.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
let bench: Bench;
let node: BeamNode;
let shop: ShopNode;
let state: string;

beforeAll(async () => {
  if (!HAVE) return;
  bench = await openBench();
  ({ node, shop, state } = bench);
});
afterAll(() => bench?.[Symbol.asyncDispose]());

const looking: Bench["looking"] = (...args) => bench.looking(...args);
const run: Bench["run"] = (...args) => bench.run(...args);
const plain: Bench["plain"] = (...args) => bench.plain(...args);
const agent: Bench["agent"] = (...args) => bench.agent(...args);
const clean: Bench["clean"] = (...args) => bench.clean(...args);
const get: Bench["get"] = (...args) => bench.get(...args);

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

  it("aborts while the endpoint does not run, and where there are several", async () => {
    const sup = (await node.call("erlang", "whereis", [atom("Elixir.Shop.Supervisor")])) as Pid;
    const other = "Elixir.Shop.OtherEndpoint";
    await evaluate(
      node,
      `defmodule Shop.OtherEndpoint do
         use Agent
         def start_link(_), do: Agent.start_link(fn -> 0 end)
         def url, do: ""
         def static_url, do: ""
         def path(path), do: path
         def static_path(path), do: path
       end
       {:ok, _} = Supervisor.start_child(Shop.Supervisor, Shop.OtherEndpoint)`,
    );
    await expect(CheckRanchAcceptors.endpoint(looking(), "shop")).rejects.toThrow(
      /^Test: shop has several endpoints: Shop\.\w+, Shop\.\w+$/,
    );
    await terminateChild(node, sup, atom(other));
    await node.call("supervisor", "delete_child", [sup, atom(other)]);
    await using single = await startShop({ otp: await provision("otp27") });
    await using there = await connect(single.name, {
      cookie: single.cookie,
      address: { host: "127.0.0.1", port: single.distPort },
    });
    const top = (await there.call("erlang", "whereis", [atom("Elixir.Shop.Supervisor")])) as Pid;
    await terminateChild(there, top, atom("Elixir.Shop.Endpoint"));
    await expect(
      CheckRanchAcceptors.endpoint({ ...looking(), node: there }, "shop"),
    ).rejects.toThrow("the endpoint Shop.Endpoint does not run");
    await expect(
      CheckRanchAcceptors.ranchListenerSup({ ...looking(), node: there }, "shop"),
    ).rejects.toThrow("no listener of shop was found");
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
    // A connection is not asked whether it is a supervisor.
    const [one] = pids as [Pid];
    await expect(CheckRanchConnections.ranchConnectionsSup(context, one)).rejects.toThrow(
      `${one} is no supervisor of a listener`,
    );
    await expect(CheckRanchConnections.ranchConnections(context, one)).rejects.toThrow(
      `${one} is no supervisor of connections`,
    );
    expect(context.lines).toEqual([
      `error: ${one} is no supervisor of a listener`,
      `error: ${one} is no supervisor of connections`,
    ]);
    expect((await connections(node)).connections).toHaveLength(5);
  });

  it("cannot tell websockets on a node whose stack is not known, and says so", async () => {
    await using erl = await startErl({ otp: await provision("otp25") });
    await using bare = await connect(erl.name, {
      cookie: erl.cookie,
      address: { host: "127.0.0.1", port: erl.port },
    });
    const there = { ...looking(), node: bare };
    expect(await CheckRanchConnections.websocketChannelConnections(there, "any", [])).toBe(
      "not_detected",
    );
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

  it("gives back the others when one cannot be stopped", async () => {
    const [before] = await listeners(node);
    const { supervisor, id } = (before as Listener).acceptors[3] as Acceptor;
    const remove = defineInstruction({
      name: "Test.Remove",
      insertWhere: insertBeforePointOfNoReturn,
      dependencies: [CheckRanchAcceptors],
      run: async (context) => {
        await terminateChild(context.node, supervisor, id);
        await context.node.call("supervisor", "delete_child", [supervisor, id]);
      },
    });
    const after = { ...SuspendRanchAcceptors, dependencies: () => [CheckRanchAcceptors, remove] };
    await expect(run(after)).rejects.toThrow(/1 of 10 acceptors cannot be stopped: \w+$/);
    const [now] = await listeners(node);
    expect(now?.acceptors.filter(({ pid }) => pid !== undefined)).toHaveLength(9);
    const [sup] = await listeners(node); // with its ten again
    await terminateChild(node, sup?.pid as Pid, atom("ranch_acceptors_sup"));
    await expect
      .poll(() =>
        node
          .call("supervisor", "restart_child", [sup?.pid as Pid, atom("ranch_acceptors_sup")])
          .then((answer) => inspect(answer)),
      )
      .toMatch(/^\{:ok|running/);
    await clean();
  });

  it("say when the port was taken meanwhile, and are given back when it is free", async () => {
    const guardian = await Guardian.arm(node, { stateDirectory: state });
    const [before] = await listeners(node);
    await guardian.hold(before?.stops.refuse ?? []);
    const thief = createServer().listen(shop.httpPort, "127.0.0.1");
    await once(thief, "listening");
    const context = {
      ...looking(),
      ...{ config: { application: "shop", ...DEFAULT_CONFIG }, signal: undefined },
      ...{ facts: { ...noFacts(), listeners: [before as Listener] }, duringInstall: false },
      guardian,
      print: () => undefined,
    };
    await expect(ResumeRanchAcceptors.run(context, atom("shop"))).rejects.toThrow(
      "Shop.Endpoint.HTTP is suspended: 0 of 10 acceptors run",
    );
    thief.close();
    await once(thief, "close");
    await ResumeRanchAcceptors.run(context, atom("shop"));
    expect(context.lines.at(-1)).toBe("info: 10 acceptors run again");
    await guardian.undo();
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
