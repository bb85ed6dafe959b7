/** The shape of Phoenix up to 1.4 on Cowboy 1 and Ranch 1: connections that nobody can suspend, channels linked to them up to 1.3. */

import { once } from "node:events";
import { connect as dial, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { type SuspendTarget, targets } from "../../src/instructions/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import {
  evaluate,
  observer,
  type Remote,
  restartChild,
  terminateChild,
} from "../../src/otp/index.ts";
import { atom, type Pid, type Term, type Tuple } from "../../src/term/index.ts";
import {
  type Channel,
  type Connection,
  channels,
  connections,
  type Listener,
  listeners,
  supervisionTree,
} from "../../src/topology/index.ts";
import { provision } from "../support/index.ts";
import { type OldPhoenix, startOldPhoenix } from "../support/oldphoenix/start.ts";

const WAIT = { wait: 300 };
const SHARDS = 4;

describe.each([
  { otp: "otp23", phoenix: "1.3", ranch: "1.3.2" },
  { otp: "otp25", phoenix: "1.2", ranch: "1.2.1" },
  { otp: "otp25", phoenix: "1.4", ranch: "1.3.2" },
] as const)("Phoenix $phoenix on $otp", ({ otp, phoenix, ranch }) => {
  let system: OldPhoenix;
  let node: BeamNode;
  let remote: Remote;

  beforeAll(async () => {
    system = await startOldPhoenix({ otp: await provision(otp), phoenix, shards: SHARDS });
    const { name, cookie, port } = system.beam;
    node = await connect(name, { cookie, address: { host: "127.0.0.1", port } });
    remote = observer(node);
  });

  afterAll(async () => {
    await node?.close();
    await system?.[Symbol.asyncDispose]();
  });

  afterEach(async () => {
    await until(async () => (await accepted()).length === 0);
  });

  const erlang = (code: string): Promise<Term> => evaluate(node, code, { language: "erlang" });
  const get = async (path: string): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${system.httpPort}${path}`, {
      headers: { connection: "close" },
    });
    return answer.text();
  };

  /** All but the sessions of long polling. */
  const accepted = async (): Promise<readonly Connection[]> =>
    (await connections(remote, undefined, WAIT)).connections.filter(
      ({ kind }) => kind !== "longpoll",
    );

  const only = async (): Promise<Listener> => {
    const found = await listeners(remote, WAIT);
    expect(found).toHaveLength(1);
    return found[0] as Listener;
  };

  const known = async (): Promise<readonly Channel[]> => {
    const found = await channels(remote);
    if (found === "not_detected") throw new Error("not detected");
    return found;
  };

  const join = async (path: string, ...topics: string[]): Promise<Client> => {
    const socket = new WebSocket(`ws://127.0.0.1:${system.httpPort}/socket/websocket${path}`);
    await once(socket, "open");
    const client = Object.assign(socket, { [Symbol.asyncDispose]: () => leave(socket) });
    for (const topic of topics) await ask(client, topic, "phx_join");
    return client;
  };

  const plain = async (): Promise<Socket> => {
    const socket = dial(system.httpPort, "127.0.0.1");
    await once(socket, "connect");
    return socket;
  };

  describe("its listener", () => {
    it("is found below the endpoint, although Ranch before 1.5 notes no pid of it", async () => {
      const listener = await only();
      expect(listener).toMatchObject({
        name: "Oldphoenix.Endpoint.HTTP",
        kind: "ranch1",
        status: "running",
        address: { ip: "127.0.0.1", port: system.httpPort },
        application: "oldphoenix",
        embedded: true,
        evidence: `Ranch ${ranch}, embedded in oldphoenix`,
        unanswered: [],
      });
      expect(listener.acceptors).toHaveLength(5);
      expect(listener.supervisors.connections).toHaveLength(1);
      const [root] = await supervisionTree(remote, { application: "oldphoenix" });
      const endpoint = root?.children[0];
      const below = endpoint?.children.find(({ id }) => id === SERVERS[phoenix]) ?? endpoint;
      const found = below?.children.find(({ id }) => id.startsWith("{:ranch_listener_sup, "));
      expect(String(found?.pid)).toBe(String(listener.pid));
    });

    it("is partial or held by what it says can be stopped, and refuses nobody", async () => {
      const { acceptors } = await only();
      const [first, ...rest] = acceptors;
      await terminateChild(node, first?.supervisor as Pid, first?.id as Term);
      expect(await only()).toMatchObject({ status: "partial", stops: { hold: { length: 4 } } });
      for (const { supervisor, id } of rest) await terminateChild(node, supervisor, id);
      expect(await only()).toMatchObject({
        status: "held",
        address: { port: system.httpPort },
        stops: { hold: [] },
      });
      const waiting = get("/fast");
      for (const { supervisor, id } of acceptors) await restartChild(node, supervisor, id);
      expect(await only()).toMatchObject({ status: "running" });
      expect(await waiting).toBe("fast");
    });

    it("refuses clients while its acceptors' supervisor is stopped, and keeps those it has", async () => {
      await using client = await join("", "room:a");
      const { stops } = await only();
      for (const { supervisor, id } of stops.refuse) await terminateChild(node, supervisor, id);
      expect(await only()).toMatchObject({
        status: "suspended",
        address: undefined,
        acceptors: [],
        stops: { hold: [], refuse: [] },
        supervisors: { acceptors: undefined },
      });
      await expect(get("/fast")).rejects.toThrow();
      expect(await ask(client, "room:a", "push")).toMatchObject({ response: { seq: 1 } });
      for (const { supervisor, id } of stops.refuse) await restartChild(node, supervisor, id);
      expect(await only()).toMatchObject({
        status: "running",
        address: { port: system.httpPort },
      });
      expect(await get("/fast")).toBe("fast");
    });

    it("is hung while a supervisor of it does not answer, and its connections are listed", async () => {
      await using _client = await join("", "room:a");
      const { supervisors, pid } = await only();
      for (const sup of [supervisors.acceptors as Pid, pid]) {
        await node.call("sys", "suspend", [sup]);
        const hung = await only();
        await node.call("sys", "resume", [sup]);
        expect(hung.status).toBe("hung");
        expect(hung.unanswered.map(String)).toContain(String(sup));
      }
      const [holder] = supervisors.connections;
      await node.call("sys", "suspend", [holder as Pid]);
      const found = await connections(remote, undefined, WAIT);
      await node.call("sys", "resume", [holder as Pid]);
      expect(found.unanswered.map(({ supervisor }) => String(supervisor))).toEqual([
        String(holder),
      ]);
      expect(found.connections).toMatchObject([{ kind: "websocket", channels: [{}] }]);
    });
  });

  describe("its connections", () => {
    it("are told apart: idle and busy HTTP, websockets with and without channels", async () => {
      await using _talking = await join("", "room:a", "room:b");
      await using _silent = await join("");
      const idle = await plain();
      const slow = get("/slow?ms=1200");
      await until(async () => (await accepted()).some(({ kind }) => kind === "http-busy"));
      const rows = (await accepted()).map((connection) => {
        expect(connection).toMatchObject({ stop: "freeze", suspended: false });
        expect(connection.evidence).toBe("it runs in Cowboy 1");
        const { kind, requests, pid } = connection;
        expect(requests.map(String)).toEqual(kind === "http-busy" ? [String(pid)] : []);
        return `${kind} ${topicsOf(connection.channels)}`;
      });
      expect(rows.sort()).toEqual([
        "http-busy ",
        "http-idle ",
        "websocket ",
        "websocket room:a,room:b",
      ]);
      expect(await slow).toBe("slow");
      idle.destroy();
    });

    it("are as many as the clients know, with channels of every shard", async () => {
      const topics = Array.from({ length: 30 }, (_, n) => `room:${n}`);
      const clients = await Promise.all(topics.map((topic) => join("", topic)));
      const silent = await Promise.all(Array.from({ length: 10 }, () => join("")));
      const found = await accepted();
      expect(found.map(({ kind }) => kind)).toEqual(Array.from({ length: 40 }, () => "websocket"));
      expect(found.filter(({ channels: its }) => its.length === 1)).toHaveLength(30);
      const all = await known();
      expect(topicsOf(all)).toBe(topics.sort().join());
      expect(all.every(({ module }) => module === "Oldphoenix.RoomChannel")).toBe(true);
      expect(
        found.flatMap(({ channels: its }) => its.map(({ pid }) => String(pid))).sort(),
      ).toEqual(all.map(({ pid }) => String(pid)).sort());
      // What edeliver goes by: the processes that PubSub watches, of which it reads the first shard alone.
      const watched = await watchedByShard();
      expect(watched.filter((pids) => pids.length > 0).length).toBeGreaterThan(1);
      expect(watched.flat().sort()).toEqual(all.map(({ pid }) => String(pid)).sort());
      for (const client of [...clients, ...silent]) client.terminate();
    });

    it("are never taken for HTTP while they hibernate or wait in a join", async () => {
      await using _asleep = await join("?hibernate=1");
      await using _joined = await join("?hibernate=1", "room:asleep");
      await using waiting = await join("");
      const joined = once(waiting, "message");
      waiting.send(JSON.stringify(["1", "1", "slow:2000", "phx_join", {}]));
      await until(async () => (await accepted()).some(({ evidence }) => evidence !== IN_COWBOY));
      await until(async () => (await accepted()).every(({ evidence }) => evidence !== IN_COWBOY));
      const seen = (await accepted()).map(
        ({ kind, evidence, channels: its }) => `${kind} ${evidence} ${its.length}`,
      );
      expect(seen.sort()).toEqual(
        phoenix === "1.2"
          ? [`unknown ${HIDDEN} 0`, `websocket ${LINKED} 1`, `websocket ${LINKED} 1`]
          : [`websocket ${TAKEN} 0`, `websocket ${TAKEN} 1`, `websocket ${TAKEN} 1`],
      );
      await joined;
    });

    it("swallow system messages, so a suspend changes nothing", async () => {
      await using client = await join("", "room:a");
      const [connection] = await accepted();
      const suspend = node.call("sys", "suspend", [connection?.pid as Pid, 200]);
      await expect(suspend).rejects.toThrow(/timeout/);
      expect(await accepted()).toMatchObject([{ suspended: false, queue: 0 }]);
      expect(await ask(client, "room:a", "push")).toMatchObject({ response: { seq: 1 } });
    });

    it("keep their kind while they are frozen, and go on where they were", async () => {
      await using client = await join("", "room:a");
      await using _silent = await join("");
      const idle = await plain();
      const gone = await join("", "room:gone");
      const slow = get("/slow?ms=1000");
      await until(async () => (await accepted()).some(({ kind }) => kind === "http-busy"));
      const before = await accepted();
      await freeze(before.map(({ pid }) => pid));
      const told = (found: readonly Connection[]) =>
        found.map(({ pid, kind, channels: its }) => `${pid} ${kind} ${topicsOf(its)}`).sort();
      const during = await accepted();
      expect(told(during)).toEqual(told(before));
      expect(during.every(({ suspended, stop }) => suspended && stop === "freeze")).toBe(true);

      const reply = once(client, "message");
      client.send(JSON.stringify(["1", "2", "room:a", "push", {}]));
      await until(async () => (await accepted()).some(({ queue }) => queue > 0));
      gone.terminate();
      await once(gone, "close");
      expect(told(await accepted())).toEqual(told(before)); // the one whose client is gone too
      await erlang("freezer ! thaw, ok");
      expect(JSON.parse(String((await reply)[0]))[4]).toMatchObject({ response: { seq: 1 } });
      expect(await slow).toBe("slow");
      await until(async () => topicsOf(await known()) === "room:a");
      expect((await accepted()).every(({ suspended }) => !suspended)).toBe(true);
      idle.destroy();
    });

    it("and channels vanish with their client", async () => {
      await using _stays = await join("", "room:stays");
      const goes = await join("", "room:goes");
      expect(topicsOf(await known())).toBe("room:goes,room:stays");
      goes.terminate();
      await until(async () => topicsOf(await known()) === "room:stays");
      expect(await accepted()).toMatchObject([{ kind: "websocket" }]);
    });

    it("have a channel counted that is too busy to tell its topic, or was not asked", async () => {
      await using client = await join("");
      const joined = once(client, "message");
      client.send(JSON.stringify(["1", "1", "slow:1500", "phx_join", {}]));
      const found = async (topics: boolean) => channels(remote, { ...WAIT, topics });
      await until(async () => (await found(true)).length === 1);
      const unknown = { topic: undefined, module: "Phoenix.Channel.Server" };
      expect(await found(true)).toMatchObject([unknown]);
      await joined;
      expect(await found(false)).toMatchObject([unknown]);
      expect(await found(true)).toMatchObject([
        { topic: "slow:1500", module: "Oldphoenix.RoomChannel" },
      ]);
    });

    it("get no message at all by being looked at", async () => {
      await using client = await join("", "room:a");
      const idle = await plain();
      await until(async () => (await accepted()).length === 2);
      await erlang(
        `Me = self(), spawn(fun() -> register(noted, self()), Me ! up,
           (fun Loop(N) -> receive {get, To, Ref} -> To ! {Ref, N}, Loop(N); {trace, _, 'receive', _} -> Loop(N + 1) end end)(0) end),
         receive up -> ok end`,
      );
      const flags = await erlang("[{tracer, whereis(noted)}, 'receive']");
      for (const { pid } of await accepted()) {
        await node.call("erlang", "trace", [pid, atom("true"), flags]);
      }
      const noted = () =>
        erlang("R = make_ref(), noted ! {get, self(), R}, receive {R, N} -> N end");
      await listeners(remote);
      await connections(remote);
      await channels(remote);
      await supervisionTree(remote);
      expect(await noted()).toBe(0);
      await ask(client, "room:a", "push"); // its packet and the answer of the channel it would have noted
      expect(await noted()).toBeGreaterThan(1);
      await erlang("exit(whereis(noted), kill)");
      idle.destroy();
    });
  });

  it("has its sessions of long polling found, with their channels", async () => {
    expect(await get("/socket/longpoll?topic=room:polled")).toBe("session");
    const sessions = async () =>
      (await connections(remote)).connections.filter(({ kind }) => kind === "longpoll");
    const [session] = await sessions();
    expect(session).toMatchObject({
      listener: "Phoenix.Transports.LongPoll",
      stop: "suspend",
      suspended: false,
      channels: [{ topic: "room:polled", module: "Oldphoenix.RoomChannel" }],
    });
    await node.call("sys", "suspend", [session?.pid as Pid]);
    expect(await sessions()).toMatchObject([{ suspended: true, channels: [{}] }]);
    await node.call("sys", "resume", [session?.pid as Pid]);
    expect(await sessions()).toMatchObject([{ suspended: false }]);
    await node.call("erlang", "exit", [session?.pid as Pid, atom("kill")]);
    await until(async () => (await sessions()).length === 0);
    expect(await known()).toEqual([]);
  });

  it("has channels stopped in place of a session, which Phoenix would give up after 2 s", async () => {
    await using client = await join("", "room:joined");
    await get("/socket/longpoll?topic=room:polled");
    const { connections: found } = await connections(remote);
    const session = found.find(({ kind }) => kind === "longpoll") as Connection;
    const websocket = found.find(({ kind }) => kind === "websocket") as Connection;
    const channelOf = ({ pid, channels: [channel] }: Connection) => {
      return { pid: channel?.pid, stop: "suspend", group: "channels", transport: pid };
    };
    const [polled, joined] = [channelOf(session), channelOf(websocket)];
    const { pid } = websocket;
    const transport = { pid, stop: "freeze", group: "transports", transport: pid };
    const stopped = async (target: SuspendTarget) =>
      new Set((await targets({ node }, target)) as []);
    expect(await stopped("channels")).toEqual(new Set([polled, joined]));
    expect(await stopped("transports")).toEqual(new Set([polled, transport]));
    expect(await stopped("both")).toEqual(new Set([polled, joined, transport]));
    expect(client.readyState).toBe(WebSocket.OPEN);
    await node.call("erlang", "exit", [session.pid, atom("kill")]);
    await until(async () => (await known()).length === 1);
  });

  /** Freezes by a process that stays: a suspension ends with the process that asked for it. */
  const freeze = async (pids: readonly Pid[]): Promise<void> => {
    await erlang(
      `register(freezer, spawn(fun() -> receive {freeze, From, Pids} ->
         lists:foreach(fun(Pid) -> erlang:suspend_process(Pid) end, Pids), From ! frozen, receive thaw -> ok end end end))`,
    );
    const names = pids.map((pid) => `"${String(pid).replace(/^#PID/, "")}"`);
    await erlang(
      `freezer ! {freeze, self(), [list_to_pid(Text) || Text <- [${names.join()}]]}, receive frozen -> ok end`,
    );
  };

  const watchedByShard = async (): Promise<string[][]> => {
    const shards = (await erlang(
      `[element(2, process_info(whereis(Name), monitors)) || Name <- registered(), lists:prefix("Elixir.Oldphoenix.PubSub.Local", atom_to_list(Name))]`,
    )) as readonly (readonly Tuple[])[];
    expect(shards).toHaveLength(SHARDS);
    return shards.map((monitors) => monitors.map(({ items }) => String(items[1] as Pid)));
  };
});

type Client = WebSocket & AsyncDisposable;

const SERVERS = {
  "1.2": "Phoenix.Endpoint.Server",
  "1.3": "Phoenix.Endpoint.Handler",
  "1.4": "",
};
const IN_COWBOY = "it runs in Cowboy 1";
const TAKEN = "Ranch noted that its connection was taken over; Cowboy 1";
const LINKED = "a channel of Phoenix is linked to it; Cowboy 1";
const HIDDEN = "it runs in Cowboy 1, too deep in other code to tell what for";

async function ask(client: WebSocket, topic: string, event: string): Promise<unknown> {
  const reply = once(client, "message");
  client.send(JSON.stringify(["1", "1", topic, event, {}]));
  return JSON.parse(String((await reply)[0]))[4];
}

async function leave(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const closed = once(socket, "close");
  socket.terminate();
  await closed;
}

function topicsOf(found: readonly Channel[]): string {
  return found
    .map(({ topic }) => topic ?? "")
    .sort()
    .join();
}

/** Asks again until it is so; the test's own time limit ends it. */
async function until(so: () => Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise((resolve) => setTimeout(resolve, 20));
}
