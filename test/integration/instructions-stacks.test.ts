/** The instructions that stop and start, on each stack: Ranch 2 with Cowboy 2, Thousand Island with Bandit, Ranch 1 with Cowboy 1. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { Guardian } from "../../src/guard/index.ts";
import {
  type AcceptorMode,
  DEFAULT_CONFIG,
  FinishRunningRequests,
  ResumeRanchAcceptors,
  type RunnableInstruction,
  SuspendChannels,
  SuspendRanchAcceptors,
  type SuspendTarget,
} from "../../src/instructions/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate, leftSuspended } from "../../src/otp/index.ts";
import { atom, inspect, type Pid } from "../../src/term/index.ts";
import { connections, listeners } from "../../src/topology/index.ts";
import { runInstruction } from "../../src/upgrade/index.ts";
import { hasRabbit, provision } from "../support/index.ts";
import { startIsland } from "../support/island/start.ts";
import { startOldPhoenix } from "../support/oldphoenix/start.ts";
import { startShop } from "../support/shop/start.ts";

/** A system that runs, and what differs between them. */
interface System extends AsyncDisposable {
  readonly name: string;
  readonly cookie: string;
  readonly distPort: number;
  readonly httpPort: number;
  /** The listener that its clients use. */
  readonly listener: string;
  readonly acceptors: number;
}

const STACKS: readonly (readonly [string, () => Promise<System>])[] = [
  [
    "Ranch 2 with Cowboy 2",
    async () => {
      const shop = await startShop({ otp: await provision("otp25") });
      const { name, cookie, distPort, httpPort } = shop;
      const listener = "Shop.Endpoint.HTTP";
      const close = () => shop[Symbol.asyncDispose]();
      return {
        ...{ name, cookie, distPort, httpPort, listener, acceptors: 10 },
        [Symbol.asyncDispose]: close,
      };
    },
  ],
  [
    "Thousand Island with Bandit",
    async () => {
      const island = await startIsland({ otp: await provision("otp27"), acceptors: 8 });
      const { name, cookie, port } = island.node;
      const { httpPort } = island;
      return {
        ...{ name, cookie, distPort: port, httpPort, acceptors: 8 },
        listener: "{Island.Endpoint, :http}",
        [Symbol.asyncDispose]: () => island[Symbol.asyncDispose](),
      };
    },
  ],
  [
    "Ranch 1 with Cowboy 1",
    async () => {
      const old = await startOldPhoenix({ otp: await provision("otp25"), acceptors: 5 });
      const { name, cookie, port } = old.beam;
      const { httpPort } = old;
      return {
        ...{ name, cookie, distPort: port, httpPort, acceptors: 5 },
        listener: "Oldphoenix.Endpoint.HTTP",
        [Symbol.asyncDispose]: () => old[Symbol.asyncDispose](),
      };
    },
  ],
];

/** Ends a child and starts it again, as its supervisor would when it had crashed. */
const RESTART = `
Parent = hd(proplists:get_value('$ancestors', element(2, process_info(Sup, dictionary)))),
{Id, _, _, _} = lists:keyfind(Sup, 2, supervisor:which_children(Parent)),
ok = supervisor:terminate_child(Parent, Id),
%% The port of the old one may not be free yet.
(fun Again() -> case supervisor:restart_child(Parent, Id) of {ok, _} -> ok; _ -> timer:sleep(20), Again() end end)()`;

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it
let state: string;

/** Long enough for a machine with much else to do. */
const PATIENT = { timeout: 15_000 };

beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), "beamctl-stacks-"));
});
afterAll(() => rm(state, { recursive: true, force: true }));

describe.runIf(HAVE).each(STACKS)("%s", (_name, start) => {
  let system: System;
  let node: BeamNode;

  beforeAll(async () => {
    system = await start();
    node = await connect(system.name, {
      cookie: system.cookie,
      address: { host: "127.0.0.1", port: system.distPort },
    });
  });
  afterAll(async () => {
    await node?.close();
    await system?.[Symbol.asyncDispose]();
  });

  const listener = async () => (await listeners(node)).find(({ name }) => name === system.listener);

  async function run(
    instruction: RunnableInstruction,
    options: {
      acceptors?: AcceptorMode;
      suspend?: SuspendTarget;
      /** Ends a hold; without it nothing is held for long. */
      until?: AbortSignal;
      drainTimeout?: number;
    } = {},
  ) {
    const { until, ...config } = options;
    const lines: string[] = [];
    const done = await runInstruction(node, instruction, {
      config: {
        application: "any",
        ...DEFAULT_CONFIG,
        listeners: [system.listener],
        ...config,
      },
      ...(until === undefined ? {} : { hold: 20_000, signal: until }),
      stateDirectory: state,
      log: (level, line) => lines.push(`${level}: ${line}`),
    });
    return { ...done, lines };
  }

  /** All is as before: as many acceptors, the same port, nobody stands still. */
  async function clean() {
    const now = await listener();
    expect(now).toMatchObject({ status: "running", address: { port: system.httpPort } });
    expect(now?.acceptors.filter(({ pid }) => pid !== undefined)).toHaveLength(system.acceptors);
    expect(await leftSuspended(node)).toEqual([]);
    const all = (await node.call("erlang", "processes", [])) as Pid[];
    const states = await Promise.all(
      all.map((pid) => node.call("erlang", "process_info", [pid, atom("status")])),
    );
    expect(states.map((one) => inspect(one))).not.toContain("{:status, :suspended}");
  }

  const get = (path: string) =>
    fetch(`http://127.0.0.1:${system.httpPort}${path}`, { headers: { connection: "close" } });

  async function socket(topic: string): Promise<WebSocket> {
    const client = new WebSocket(`ws://127.0.0.1:${system.httpPort}/socket/websocket`);
    await once(client, "open");
    const joined = once(client, "message");
    client.send(frame(topic, "phx_join"));
    await joined;
    return client;
  }

  const frame = (topic: string, event: string) =>
    JSON.stringify(["1", "2", topic, event, { n: 1 }]);

  it("holds new clients until they are answered", async () => {
    const ended = new AbortController();
    const running = run(SuspendRanchAcceptors, { until: ended.signal });
    await expect.poll(async () => (await listener())?.status, PATIENT).toBe("held");
    const waiting = get("/fast").then(({ status }) => status);
    ended.abort();
    const { lines } = await running;
    expect(lines.at(-1)).toBe(`info: holding ${system.acceptors} acceptors; new clients wait`);
    expect([200, 404]).toContain(await waiting);
    await clean();
  });

  it("resets no connection, however many come while it holds and lets go", async () => {
    const guardian = await Guardian.arm(node, { stateDirectory: state });
    const wishes: Promise<number>[] = [];
    const storm = setInterval(() => {
      for (let one = 0; one < 5; one++) wishes.push(get("/fast").then(({ status }) => status));
    }, 5);
    try {
      for (let round = 0; round < 15; round++) {
        await guardian.freeze((await listener())?.stops.hold ?? []);
        expect((await listener())?.status).toBe("held");
        await guardian.resume();
      }
    } finally {
      clearInterval(storm);
      await guardian.undo();
    }
    const answers = await Promise.all(wishes);
    expect(answers.length).toBeGreaterThan(100);
    expect(answers.every((status) => [200, 404].includes(status))).toBe(true);
    await clean();
  });

  it("refuses new clients, and listens on the same port afterwards", async () => {
    const ended = new AbortController();
    const running = run(SuspendRanchAcceptors, { acceptors: "refuse", until: ended.signal });
    await expect.poll(async () => (await listener())?.status, PATIENT).toBe("suspended");
    const refused = dial(system.httpPort, "127.0.0.1");
    const [error] = (await once(refused, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
    ended.abort();
    expect((await running).lines.at(-1)).toMatch(/; new clients are refused$/);
    expect([200, 404]).toContain((await get("/fast")).status);
    await clean();
  });

  it("starts again what runs already without harm", async () => {
    expect((await run(ResumeRanchAcceptors)).lines.at(-1)).toBe(
      `info: ${system.acceptors} acceptors run again`,
    );
    await clean();
  });

  it.each(["channels", "transports", "both"] as const)(
    "suspends %s: what clients send meanwhile is answered afterwards, on the same connection",
    async (suspend) => {
      const clients = await Promise.all(["room:1", "room:2", "room:3"].map(socket));
      const closed: number[] = [];
      const heard: WebSocket[] = [];
      for (const client of clients) {
        client.on("close", (code) => closed.push(code));
        client.on("message", () => heard.push(client));
      }
      const ended = new AbortController();
      const running = run(SuspendChannels, { suspend, until: ended.signal });
      await expect.poll(() => stopped(), PATIENT).toBe(suspend === "both" ? 6 : 3);
      for (const [index, client] of clients.entries())
        client.send(frame(`room:${index + 1}`, "push"));
      ended.abort();
      const { facts, lines } = await running;
      expect(facts.suspended).toHaveLength(suspend === "both" ? 6 : 3);
      const warnings = lines.filter((line) => line.startsWith("warning"));
      expect(warnings).toEqual(
        suspend === "channels" ? [] : [expect.stringContaining("done twice")],
      );
      await expect.poll(() => heard.length, PATIENT).toBe(3);
      expect(new Set(heard)).toEqual(new Set(clients));
      expect(closed).toEqual([]);
      await clean();
      for (const client of clients) client.terminate();
      await expect.poll(async () => (await mine()).length).toBe(0);
    },
  );

  it("gives back what it holds when its listener restarts in between, and says what runs", async () => {
    const guardian = await Guardian.arm(node, { stateDirectory: state });
    const before = await listener();
    await guardian.freeze(before?.stops.hold ?? []);
    await expect.poll(async () => (await listener())?.status).toBe("held");
    await evaluate(node, RESTART, { language: "erlang", bindings: { Sup: before?.pid as Pid } });
    await expect.poll(async () => (await listener())?.status).toBe("running");
    await guardian.undo();
    await clean();
  });

  it("waits for a running request and no longer", async () => {
    const slow = get("/slow?ms=2500");
    await expect
      .poll(async () => (await mine()).flatMap(({ requests }) => requests).length)
      .toBe(1);
    const { lines } = await run(FinishRunningRequests, { drainTimeout: 60_000 });
    expect(lines.at(-1)).toBe("info: 1 of 1 running requests finished");
    await slow;
  });

  const mine = async () =>
    (await connections(node)).connections.filter((one) => one.listener === system.listener);

  /** Transports and channels that stand still. */
  async function stopped(): Promise<number> {
    const all = await mine();
    const still = all.flatMap((one) => [one, ...one.channels]).filter((one) => one.suspended);
    return still.length;
  }
});
