/** The shape of a live Elixir release with Ranch 2 and Cowboy 2, seen through an observer. */

import { once } from "node:events";
import http2 from "node:http2";
import { connect as dial, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { type BeamNode, connect } from "../../src/node/index.ts";
import {
  evaluate,
  observer,
  type Remote,
  restartChild,
  terminateChild,
} from "../../src/otp/index.ts";
import { atom, inspect, type Pid, type Term } from "../../src/term/index.ts";
import {
  channels,
  connections,
  detectListeners,
  detectSockets,
  type Listener,
  listeners,
  SocketsSeen,
  supervisionTree,
} from "../../src/topology/index.ts";
import { provision, startErl } from "../support/index.ts";
import { type ShopNode, startShop } from "../support/shop/start.ts";

const WAIT = { wait: 300 };
let shop: ShopNode;
let node: BeamNode;
let remote: Remote;

beforeAll(async () => {
  shop = await startShop({ otp: await provision("otp25"), acceptors: 5 });
  node = await connect(shop.name, {
    cookie: shop.cookie,
    address: { host: "127.0.0.1", port: shop.distPort },
  });
  remote = observer(node);
});

afterAll(async () => {
  await node.close();
  await shop[Symbol.asyncDispose]();
});

afterEach(async () => {
  await until(async () => (await connections(remote)).connections.length === 0);
});

/** A websocket that has joined these topics. */
async function join(...topics: string[]): Promise<WebSocket & AsyncDisposable> {
  const socket = new WebSocket(`ws://127.0.0.1:${shop.httpPort}/socket/websocket`);
  await once(socket, "open");
  for (const topic of topics) {
    const reply = once(socket, "message");
    socket.send(JSON.stringify(["1", "1", topic, "phx_join", {}]));
    await reply;
  }
  return Object.assign(socket, { [Symbol.asyncDispose]: () => leave(socket) });
}

async function leave(socket: WebSocket): Promise<void> {
  const closed = once(socket, "close");
  socket.terminate();
  await closed;
}

async function plain(): Promise<Socket> {
  const socket = dial(shop.httpPort, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

/** Asks again until it is so; the test's own time limit ends it. */
async function until(so: () => Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function only(): Promise<Listener> {
  const found = await listeners(remote, WAIT);
  expect(found).toHaveLength(1);
  return found[0] as Listener;
}

const suspend = (pid: Pid): Promise<Term> => node.call("sys", "suspend", [pid]);
const resume = (pid: Pid): Promise<Term> => node.call("sys", "resume", [pid]);

describe("listeners", () => {
  it("are found where they hang, with address and acceptors", async () => {
    const listener = await only();
    expect(listener).toMatchObject({
      name: "Shop.Endpoint.HTTP",
      kind: "ranch2",
      status: "running",
      address: { ip: "127.0.0.1", port: shop.httpPort },
      application: "shop",
      embedded: true,
      protocol: "cowboy_clear",
      unanswered: [],
    });
    expect(listener.acceptors).toHaveLength(5);
    expect(listener.supervisors.connections).toHaveLength(5);
    expect(listener.evidence).toMatch(/^Ranch 2\.\S+, embedded in shop$/);
  });

  it("are partial or held while acceptors are terminated, and refuse nobody", async () => {
    const { acceptors, supervisors } = await only();
    const sup = supervisors.acceptors as Pid;
    const [first, ...rest] = acceptors;
    await terminateChild(node, sup, first?.id as Term);
    expect(await only()).toMatchObject({ status: "partial" });
    for (const { id } of rest) await terminateChild(node, sup, id);
    const held = await only();
    expect(held).toMatchObject({ status: "held", address: { port: shop.httpPort } });
    expect(held.acceptors.map(({ id }) => inspect(id))).toEqual(
      acceptors.map(({ id }) => inspect(id)),
    );
    const waiting = fetch(`http://127.0.0.1:${shop.httpPort}/health`, {
      headers: { connection: "close" },
    });
    for (const { id } of acceptors) await restartChild(node, sup, id);
    expect(await only()).toMatchObject({ status: "running" });
    expect(await (await waiting).text()).toBe("ok");
  });

  it("are suspended when Ranch closed their socket", async () => {
    const { ref } = await only();
    await node.call("ranch", "suspend_listener", [ref]);
    expect(await only()).toMatchObject({
      status: "suspended",
      address: undefined,
      acceptors: [],
      supervisors: { acceptors: undefined },
    });
    await node.call("ranch", "resume_listener", [ref]);
    expect(await only()).toMatchObject({ status: "running" });
  });

  it("are hung while a supervisor of theirs does not answer, and name it", async () => {
    const { supervisors, pid } = await only();
    for (const sup of [supervisors.acceptors as Pid, pid]) {
      await suspend(sup);
      const hung = await only();
      expect(hung.status).toBe("hung");
      expect(hung.unanswered.map(String)).toContain(String(sup));
      await resume(sup);
    }
    expect(await only()).toMatchObject({ status: "running" });
  });

  it("are running beside one that hangs", async () => {
    const { pid } = await only();
    await evaluate(node, "{ok, _} = cowboy:start_clear(other, [{port, 0}], #{}), ok", {
      language: "erlang",
    });
    await suspend(pid);
    const found = await listeners(remote, WAIT);
    await resume(pid);
    await node.call("cowboy", "stop_listener", [atom("other")]);
    expect(found.map(({ name, status }) => `${name} ${status}`)).toEqual([
      ":other running",
      "Shop.Endpoint.HTTP hung",
    ]);
  });

  it("are not detected, with the reason, on a node without Ranch", async () => {
    await using erl = await startErl({ otp: await provision("otp25") });
    await using bare = await connect(erl.name, {
      cookie: erl.cookie,
      address: { host: "127.0.0.1", port: erl.port },
    });
    const notDetected = "neither Ranch, Thousand Island nor ejabberd runs on this node";
    expect(await detectListeners(bare)).toEqual({ notDetected });
    expect(await detectSockets(bare)).toEqual({ notDetected });
    expect(await channels(bare)).toBe("not_detected");
    expect(await listeners(bare)).toEqual([]);
  });
});

describe("connections", () => {
  it("are told apart: idle and busy HTTP, websockets with and without channels", async () => {
    await using _talking = await join("room:a", "room:b");
    await using _silent = await join();
    const idle = await plain();
    const slow = fetch(`http://127.0.0.1:${shop.httpPort}/slow?ms=3000`, {
      headers: { connection: "close" },
    });
    await until(async () =>
      (await connections(remote)).connections.some(({ requests }) => requests.length > 0),
    );
    const listener = await only();
    const found = await connections(remote, listener);
    expect(found.unanswered).toEqual([]);
    const kinds = found.connections.map(({ kind, evidence, channels: joined, requests }) => [
      kind,
      evidence,
      joined.map(({ topic }) => topic ?? "").sort(),
      requests.length,
    ]);
    expect(kinds.sort((a, b) => String(a).localeCompare(String(b)))).toEqual([
      ["http-busy", "it runs cowboy_http", [], 1],
      ["http-idle", "it runs cowboy_http", [], 0],
      ["websocket", "it runs cowboy_websocket", [], 0],
      ["websocket", "it runs cowboy_websocket", ["room:a", "room:b"], 0],
    ]);
    expect((await connections(remote, { ref: atom("another") })).connections).toEqual([]);
    idle.destroy();
    await slow;
  });

  it("of HTTP/2 count their requests, and a websocket among these is one of its own", async () => {
    await evaluate(
      node,
      `Dispatch = cowboy_router:compile([{'_', [{"/ws", 'Elixir.Shop.UserSocket', []}, {"/slow", 'Elixir.Shop.Http', slow}]}]),
       {ok, _} = cowboy:start_clear(h2, [{ip, {127,0,0,1}}, {port, 0}],
         #{env => #{dispatch => Dispatch}, enable_connect_protocol => true}), ok`,
      { language: "erlang" },
    );
    const listener = (await listeners(remote)).find(({ name }) => name === ":h2");
    expect(listener).toMatchObject({ embedded: false, application: "ranch", status: "running" });
    const session = http2.connect(`http://127.0.0.1:${listener?.address?.port}`);
    await once(session, "remoteSettings");
    const seen = async () =>
      (await connections(remote, listener)).connections.map(({ kind, requests, evidence }) => [
        kind,
        requests.length,
        evidence,
      ]);
    expect(await seen()).toEqual([["http-idle", 0, "it runs cowboy_http2"]]);

    const slow = [
      session.request({ ":path": "/slow?ms=2000" }),
      session.request({ ":path": "/slow?ms=2000" }),
    ];
    const socket = session.request({
      ":method": "CONNECT",
      ":protocol": "websocket",
      ":path": "/ws",
      "sec-websocket-version": "13",
    });
    const [headers] = (await once(socket, "response")) as [http2.IncomingHttpHeaders];
    expect(headers[":status"]).toBe(200);
    await until(async () => (await seen())[0]?.[1] === 2);
    expect(await seen()).toEqual([
      ["http-busy", 2, "it runs cowboy_http2"],
      [
        "websocket",
        0,
        expect.stringMatching(/^cowboy_websocket in a request of the HTTP\/2 .*<0\.\d+\.0>$/),
      ],
    ]);
    for (const request of slow) request.resume();
    await Promise.all(slow.map((request) => once(request, "end")));
    session.destroy();
    await node.call("cowboy", "stop_listener", [atom("h2")]);
  });

  it("keep their kind while they are suspended", async () => {
    await using _socket = await join("room:a");
    const idle = await plain();
    await until(async () => (await connections(remote)).connections.length === 2);
    const before = (await connections(remote)).connections;
    for (const { pid } of before) await suspend(pid);
    const during = (await connections(remote)).connections;
    expect(during.map(({ suspended }) => suspended)).toEqual([true, true]);
    expect(during.map(({ kind }) => kind).sort()).toEqual(["http-idle", "websocket"]);
    expect(during.find(({ kind }) => kind === "websocket")?.channels).toHaveLength(1);
    for (const { pid } of before) await resume(pid);
    expect((await connections(remote)).connections.map(({ suspended }) => suspended)).toEqual([
      false,
      false,
    ]);
    idle.destroy();
  });

  it("are listed although their supervisor does not answer, and it is named", async () => {
    await using _socket = await join("room:a");
    const { supervisors } = await only();
    for (const pid of supervisors.connections) await suspend(pid);
    const found = await connections(remote, undefined, WAIT);
    expect(found.unanswered.map(({ supervisor }) => String(supervisor)).sort()).toEqual(
      supervisors.connections.map(String).sort(),
    );
    expect(found.unanswered[0]?.listener).toBe("Shop.Endpoint.HTTP");
    expect(found.connections).toMatchObject([{ kind: "websocket", channels: [{}] }]);
    for (const pid of supervisors.connections) await resume(pid);
    expect((await connections(remote, undefined, WAIT)).unanswered).toEqual([]);
  });

  it("are sent no message", async () => {
    await using _socket = await join("room:a");
    const idle = await plain();
    await until(async () => (await connections(remote)).connections.length === 2);
    const pids = (await connections(remote)).connections.map(({ pid }) => pid);
    // A tracer on the node counts the requests that these processes receive; timers and packets of their own may come.
    const tracer = (await evaluate(
      node,
      `spawn(fun() -> register(noted, self()),
         (fun Loop(N) -> receive {get, To, Ref} -> To ! {Ref, N}, Loop(N);
           {trace, _, 'receive', M} when element(1, M) =:= system; element(1, M) =:= '$gen_call' -> Loop(N + 1);
           _ -> Loop(N) end end)(0) end)`,
      { language: "erlang" },
    )) as Pid;
    for (const pid of pids) {
      const flags = await evaluate(node, "[{tracer, whereis(noted)}, 'receive']", {
        language: "erlang",
      });
      await node.call("erlang", "trace", [pid, atom("true"), flags]);
    }
    const noted = (): Promise<Term> =>
      evaluate(node, "R = make_ref(), noted ! {get, self(), R}, receive {R, N} -> N end", {
        language: "erlang",
      });
    await connections(remote);
    await channels(remote);
    await supervisionTree(remote);
    expect(await noted()).toBe(0);
    await node.call("sys", "get_status", [pids[0] as Pid]); // that it would have noted
    expect(await noted()).not.toBe(0);
    await node.call("erlang", "exit", [tracer, atom("kill")]);
    idle.destroy();
  });
});

describe("channels", () => {
  it("are found with topic, module, transport and queue, suspended or not", async () => {
    await using _one = await join("room:a", "room:b");
    const before = await channels(remote);
    if (before === "not_detected") throw new Error("not detected");
    expect(before.map(({ topic }) => topic ?? "").sort()).toEqual(["room:a", "room:b"]);
    const [socket] = (await connections(remote)).connections;
    for (const channel of before) {
      expect(channel).toMatchObject({ module: "Shop.RoomChannel", suspended: false, queue: 0 });
      expect(String(channel.transport)).toBe(String(socket?.pid));
    }
    const [first, second] = before;
    await suspend(first?.pid as Pid);
    await node.call("erlang", "send", [first?.pid as Pid, atom("waits")]);
    const during = await channels(remote);
    if (during === "not_detected") throw new Error("not detected");
    const state = (pid: Pid | undefined) =>
      during.find((channel) => String(channel.pid) === String(pid));
    expect(state(first?.pid)).toMatchObject({ suspended: true, queue: 1, topic: first?.topic });
    expect(state(second?.pid)).toMatchObject({ suspended: false, queue: 0 });
    await node.call("erlang", "exit", [first?.pid as Pid, atom("kill")]); // it does not know the message
  });

  it("keep their state on the node", async () => {
    await using _socket = await join("room:a");
    const [channel] = await detectSockets(remote).then((found) =>
      "channels" in found ? found.channels : [],
    );
    const marker = "a_secret_of_this_user";
    await evaluate(
      node,
      `for {_, pool, _, _} <- Supervisor.which_children(Shop.Endpoint.Shop.UserSocket),
           {_, pid, _, _} <- DynamicSupervisor.which_children(pool) do
         :sys.replace_state(pid, &%{&1 | private: %{user: ${JSON.stringify(marker)}}})
       end`,
    );
    expect(inspect(await node.call("sys", "get_state", [channel?.pid as Pid]))).toContain(marker);
    const answers: string[] = [];
    const noting: Remote = {
      name: node.name,
      call: async (...args) => {
        const answer = await node.call(...args);
        answers.push(inspect(answer, { limit: 1e6 }));
        return answer;
      },
    };
    await connections(noting);
    await channels(noting);
    await supervisionTree(noting);
    expect(answers.join()).not.toContain(marker);
  });

  it("that are new since a look are found by the next one, and only they are examined", async () => {
    const seen = new SocketsSeen();
    const sent: string[] = [];
    const counting: Remote = {
      name: node.name,
      call: (...args) => {
        sent.push(inspect([...args[2]], { limit: 1e6 }));
        return remote.call(...args);
      },
    };
    const look = async (joins = true) => {
      sent.length = 0;
      const found = await detectSockets(counting, { topics: false, seen, joins });
      if ("notDetected" in found) throw new Error(found.notDetected);
      const examined = found.connections.filter(({ pid }) => asks(pid));
      return { pids: found.channels.map(({ pid }) => String(pid)).toSorted(), examined };
    };
    // Entries are given to be examined as `{Ref, Pid, Mark}`.
    const asks = (pid: Pid) =>
      sent.some((one) => one.includes(`, ${inspect(pid)}, :`) && one.includes("Entries"));
    const all = async () => {
      const found = await detectSockets(remote, { topics: false });
      if ("notDetected" in found) throw new Error(found.notDetected);
      return found.channels.map(({ pid }) => String(pid)).toSorted();
    };
    await using first = await join("room:a");
    const leaver = await join("room:b");
    const before = await look();
    expect(before.pids).toEqual(await all());
    expect(before.pids).toHaveLength(2);
    expect(before.examined).toHaveLength(2);
    expect((await look()).examined).toEqual([]);

    await using _fresh = await join("room:c");
    const grown = await look();
    expect(grown.pids).toEqual(await all());
    expect(grown.pids).toHaveLength(3);
    expect(grown.examined).toHaveLength(1);

    const reply = once(first, "message");
    first.send(JSON.stringify(["2", "2", "room:d", "phx_join", {}]));
    await reply;
    expect((await look(false)).pids).toEqual(grown.pids); // not asked for
    const joined = await look();
    expect(joined.pids).toEqual(await all());
    expect(joined.pids).toHaveLength(4);
    expect(joined.examined).toHaveLength(1);

    await leave(leaver);
    await until(async () => (await all()).length === 3);
    expect((await look()).pids).toEqual(await all());
  });

  it("need not be asked for their topics", async () => {
    await using _socket = await join("room:a");
    expect(await channels(remote, { topics: false })).toMatchObject([
      { topic: undefined, module: "Shop.RoomChannel" },
    ]);
  });
});

describe("the supervision tree", () => {
  it("comes in one call, with what does not answer marked", async () => {
    const [root, ...others] = await supervisionTree(remote, { application: "shop" });
    expect(others).toEqual([]);
    expect(root).toMatchObject({ id: "shop", name: "Shop.Supervisor", answered: true });
    expect(root?.children.map(({ id }) => id)).toEqual(["Shop.Counter", "Shop.Endpoint"]);
    const all = await supervisionTree(remote);
    expect(all.map(({ id }) => id)).toEqual(expect.arrayContaining(["kernel", "ranch", "shop"]));

    const { pid } = await only();
    await suspend(pid);
    const [hung] = await supervisionTree(remote, { application: "shop", ...WAIT });
    await resume(pid);
    const endpoint = hung?.children[1];
    const embedded = endpoint?.children[1];
    expect(embedded?.children[1]).toMatchObject({ answered: false, children: [] });
    await expect(supervisionTree(remote, { application: "nonsense" })).rejects.toMatchObject({
      code: "BEAM_TOPOLOGY",
    });
  });
});

describe.each(["otp27", "otp29"] as const)("on %s", (set) => {
  it("the same is seen", async () => {
    await using other = await startShop({ otp: await provision(set), acceptors: 3 });
    await using link = await connect(other.name, {
      cookie: other.cookie,
      address: { host: "127.0.0.1", port: other.distPort },
    });
    const observing = observer(link);
    const socket = new WebSocket(`ws://127.0.0.1:${other.httpPort}/socket/websocket`);
    await once(socket, "open");
    const reply = once(socket, "message");
    socket.send(JSON.stringify(["1", "1", "room:a", "phx_join", {}]));
    await reply;
    expect(await listeners(observing)).toMatchObject([{ status: "running", embedded: true }]);
    const seen = async () => (await connections(observing)).connections;
    const [connection] = await seen();
    const [channel] = connection?.channels ?? [];
    expect(connection).toMatchObject({ kind: "websocket", suspended: false });
    expect(channel).toMatchObject({ topic: "room:a", module: "Shop.RoomChannel" });
    const pids = [connection?.pid as Pid, channel?.pid as Pid];
    for (const pid of pids) await link.call("sys", "suspend", [pid]);
    expect(await seen()).toMatchObject([
      { kind: "websocket", suspended: true, channels: [{ topic: "room:a", suspended: true }] },
    ]);
    for (const pid of pids) await link.call("sys", "resume", [pid]);
    const [root] = await supervisionTree(observing, { application: "shop" });
    expect(root?.children).toHaveLength(2);
    socket.terminate();
  });
});
