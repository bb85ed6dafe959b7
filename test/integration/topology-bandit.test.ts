/** The connections of Bandit, seen through an observer: one kind of process for idle, busy and websocket. */

import { once } from "node:events";
import { Agent } from "node:http";
import http2 from "node:http2";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { BeamNode } from "../../src/node/index.ts";
import { evaluate, observer, type Remote } from "../../src/otp/index.ts";
import { atom, inspect, type Pid, type Term } from "../../src/term/index.ts";
import {
  type Connection,
  channels,
  connections,
  type Listener,
  listeners,
  supervisionTree,
} from "../../src/topology/index.ts";
import { provision } from "../support/index.ts";
import {
  joined,
  leave,
  link,
  plain,
  request,
  trace,
  until,
  words,
} from "../support/island/clients.ts";
import { type IslandNode, startIsland } from "../support/island/start.ts";

const NAME = "{Island.Endpoint, :http}";
const WAIT = { wait: 300 };

describe.each(["otp25", "otp27", "otp29"] as const)("connections of Bandit on %s", (set) => {
  let island: IslandNode;
  let node: BeamNode;
  let remote: Remote;

  beforeAll(async () => {
    island = await startIsland({ otp: await provision(set), acceptors: 4 });
    node = await link(island);
    remote = observer(node);
  });

  afterAll(async () => {
    await node.close();
    await island[Symbol.asyncDispose]();
  });

  afterEach(async () => {
    await until(async () => (await seen()).length === 0);
  });

  const seen = async (): Promise<readonly Connection[]> => (await connections(remote)).connections;
  const told = async (): Promise<string[]> => (await seen()).map(words).sort();
  const suspend = (pid: Pid): Promise<Term> => node.call("sys", "suspend", [pid]);
  const resume = (pid: Pid): Promise<Term> => node.call("sys", "resume", [pid]);
  const erlang = (text: string): Promise<Term> => evaluate(node, text, { language: "erlang" });

  const only = async (name = NAME): Promise<Listener> => {
    const found = (await listeners(remote, WAIT)).filter((listener) => listener.name === name);
    expect(found).toHaveLength(1);
    return found[0] as Listener;
  };

  const join = (...topics: string[]) => joined(island, ...topics);

  it("are told apart, although all are one kind of process", async () => {
    await using _talking = await join("room:a", "room:b");
    await using _silent = await join();
    const agent = new Agent({ keepAlive: true });
    await request(island.httpPort, "/fast", agent);
    const first = await plain(island.httpPort);
    const half = await plain(island.httpPort);
    half.write("GET /fast HTTP/1.1\r\nx-half: ");
    const slow = await plain(island.httpPort);
    slow.write("GET /slow?ms=600000 HTTP/1.1\r\n\r\n");
    const expected = [
      "http-busy: it runs Bandit.Pipeline; 1 requests; ",
      "http-idle: it reads the head of a request; 0 requests; ",
      "http-idle: it waits for the first byte; 0 requests; ",
      "http-idle: sys:get_status names Bandit.HTTP1.Handler; 0 requests; ",
      "websocket: channels are joined through it; 0 requests; room:a room:b",
      "websocket: sys:get_status names Bandit.WebSocket.Handler; 0 requests; ",
    ];
    await until(async () => String(await told()) === String(expected));
    const found = await seen();
    const busy = found.find(({ kind }) => kind === "http-busy");
    expect(busy?.requests.map(String)).toEqual([String(busy?.pid)]);
    for (const { stop, listener, suspended } of found) {
      expect({ stop, listener, suspended }).toEqual({
        stop: "suspend",
        listener: NAME,
        suspended: false,
      });
    }
    expect((await connections(remote, await only())).connections).toHaveLength(6);
    expect((await connections(remote, { ref: atom("another") })).connections).toEqual([]);
    agent.destroy();
    for (const socket of [first, half]) socket.destroy();
    await end(busy);
  });

  it("are busy or websockets also deep in other code, and are not asked", async () => {
    const slow = await plain(island.httpPort);
    slow.write("GET /slow?ms=600000&depth=40 HTTP/1.1\r\n\r\n");
    await using socket = await join();
    socket.send(JSON.stringify(["1", "1", "phoenix", "sleep", [600_000, 40]]));
    const expected = [
      "http-busy: it runs Bandit.Pipeline; 1 requests; ",
      "websocket: it runs Bandit.WebSocket.Handler; 0 requests; ",
    ];
    await until(async () => String(await told()) === String(expected));
    for (const connection of await seen()) {
      expect(connection.queue).toBe(0); // a question would wait there
      await end(connection);
    }
  });

  it("of HTTP/2 count their requests", async () => {
    const session = http2.connect(`http://127.0.0.1:${island.httpPort}`);
    await once(session, "remoteSettings");
    const idle = ["http-idle: sys:get_status names Bandit.HTTP2.Handler; 0 requests; "];
    expect(await told()).toEqual(idle);
    const requests = [1, 2].map(() => session.request({ ":method": "POST" }));
    const busy = ["http-busy: its HTTP/2 requests run; 2 requests; "];
    await until(async () => String(await told()) === String(busy));
    for (const one of requests) {
      const ended = once(one.resume(), "end");
      one.end();
      await ended;
    }
    await until(async () => String(await told()) === String(idle));
    session.destroy();
  });

  it("keep their kind while they are suspended", async () => {
    await using _talking = await join("room:a");
    await using _silent = await join();
    const agent = new Agent({ keepAlive: true });
    await request(island.httpPort, "/fast", agent);
    const before = await seen();
    for (const { pid } of before) await suspend(pid);
    const during = await seen();
    expect(during.map(words)).toEqual(before.map(words));
    expect(during.map(({ suspended }) => suspended)).toEqual([true, true, true]);
    for (const { pid } of before) await resume(pid);
    expect((await seen()).map(({ suspended }) => suspended)).toEqual([false, false, false]);
    agent.destroy();
  });

  it("are listed although their supervisor does not answer, and it is named", async () => {
    await using _socket = await join("room:a");
    const { supervisors } = await only();
    for (const pid of supervisors.connections) await suspend(pid);
    const found = await connections(remote, undefined, WAIT);
    for (const pid of supervisors.connections) await resume(pid);
    expect(found.unanswered.map(({ supervisor }) => String(supervisor)).sort()).toEqual(
      supervisors.connections.map(String).sort(),
    );
    expect(found.unanswered[0]?.listener).toBe(NAME);
    expect(found.connections).toMatchObject([{ kind: "websocket", channels: [{}] }]);
    expect((await connections(remote, undefined, WAIT)).unanswered).toEqual([]);
  });

  it("that do not answer in time are unknown and not HTTP, and cost the others nothing", async () => {
    const sockets = await Promise.all(Array.from({ length: 120 }, () => join()));
    const connection = (await seen())[3];
    const name = inspect(connection?.pid as Pid).replace(/^#PID<(.*)>$/, "<$1>");
    await erlang(
      `Pid = list_to_pid("${name}"), Me = self(),
       spawn(fun() -> register(freezer, self()), true = erlang:suspend_process(Pid), Me ! frozen, receive thaw -> ok end end),
       receive frozen -> ok end`,
    );
    const frozen = await connections(remote, undefined, WAIT);
    await erlang("freezer ! thaw");
    const unknown = frozen.connections.filter(({ kind }) => kind !== "websocket");
    expect(unknown).toMatchObject([
      { kind: "unknown", evidence: "it does not answer: busy", stop: "suspend" },
    ]);
    expect(String(unknown[0]?.pid)).toBe(String(connection?.pid));
    expect(frozen.connections).toHaveLength(120);
    for (const socket of sockets) await leave(socket);
  });

  it("that end between the look at the list and the look at them are left out", async () => {
    await using _one = await join("room:a");
    await using _other = await join();
    const victims = (await seen()).filter((one) => one.channels.length === 0);
    const killing: Remote = {
      name: node.name,
      call: async (...args) => {
        const result = await node.call(...args);
        // The list of who there is: pairs of a ref and a pid.
        if (/^\{:ok, \{\[\{\{Island/.test(inspect(result, { limit: 50 }))) {
          for (const victim of victims) await end(victim);
        }
        return result;
      },
    };
    const found = (await connections(killing)).connections;
    expect(victims).toHaveLength(1);
    expect(found.map(words)).toEqual([
      "websocket: channels are joined through it; 0 requests; room:a",
    ]);
  });

  it("are sent no message while they show themselves, and a call would end them", async () => {
    await using _talking = await join("room:a");
    await using _silent = await join();
    const first = await plain(island.httpPort);
    const slow = await plain(island.httpPort);
    slow.write("GET /slow?ms=600000 HTTP/1.1\r\n\r\n");
    await until(async () => (await told()).join().includes("Pipeline"));
    const found = await seen();
    const quiet = found.find(({ evidence }) => evidence.includes("get_status")) as Connection;
    const shown = found.filter((one) => one !== quiet);
    expect(shown).toHaveLength(3);
    const noted = await trace(node, shown);
    await connections(remote);
    await channels(remote, { topics: false });
    await listeners(remote);
    await supervisionTree(remote);
    expect(await noted()).toBe(0);
    const asked = shown.find(({ kind }) => kind === "websocket") as Connection;
    await node.call("sys", "get_status", [asked.pid]); // that it would have noted
    expect(await noted()).not.toBe(0);
    await expect(node.call("gen_server", "call", [quiet.pid, atom("question")])).rejects.toThrow();
    expect((await seen()).map(({ pid }) => String(pid))).not.toContain(String(quiet.pid));
    first.destroy();
    await end(shown.find(({ kind }) => kind === "http-busy"));
  });

  it("keep their state on the node", async () => {
    await using _silent = await join();
    const [connection] = await seen();
    const marker = "a_secret_of_this_user";
    const name = inspect(connection?.pid as Pid).replace(/^#PID<(.*)>$/, "<$1>");
    await evaluate(
      node,
      `:sys.replace_state(:erlang.list_to_pid(~c"${name}"), fn {socket, state} -> {socket, Map.put(state, :secret, ${JSON.stringify(marker)})} end)`,
    );
    const answers: string[] = [];
    const noting: Remote = {
      name: node.name,
      call: async (...args) => {
        const answer = await node.call(...args);
        answers.push(inspect(answer, { limit: 1e6 }));
        return answer;
      },
    };
    const found = (await connections(noting)).connections;
    expect(found).toMatchObject([{ kind: "websocket" }]);
    expect(answers.join()).not.toContain(marker);
    const status = await node.call("sys", "get_status", [connection?.pid as Pid]);
    expect(inspect(status, { limit: 1e6 })).toContain(marker);
  });

  it("are as many as their clients know", async () => {
    const sockets = await Promise.all(
      Array.from({ length: 60 }, (_, n) => (n % 2 === 0 ? join(`room:${n}`) : join())),
    );
    const agent = new Agent({ keepAlive: true });
    await Promise.all(
      Array.from({ length: 20 }, () => request(island.httpPort, "/slow?ms=500", agent)),
    );
    const found = await seen();
    const count = (kind: string) => found.filter((one) => one.kind === kind).length;
    expect([count("websocket"), count("http-idle"), found.length]).toEqual([60, 20, 80]);
    expect(found.filter((one) => one.channels.length === 1)).toHaveLength(30);
    agent.destroy();
    for (const socket of sockets) await leave(socket);
  });

  it("sees hibernating connections for what they are, suspended or not", async () => {
    await using sleepy = await startIsland({
      otp: await provision(set),
      acceptors: 2,
      hibernateAfter: 1,
    });
    await using other = await link(sleepy);
    await using _talking = await joined(sleepy, "room:a");
    await using _silent = await joined(sleepy);
    const watching = observer(other);
    const look = async () => (await connections(watching)).connections;
    const before = await look();
    const asleep = async (pid: Pid): Promise<boolean> =>
      /hibernate/.test(
        inspect(await other.call("erlang", "process_info", [pid, atom("current_function")])),
      );
    for (const { pid } of before) await until(() => asleep(pid));
    const expected = [
      "websocket: channels are joined through it; 0 requests; room:a",
      "websocket: sys:get_status names Bandit.WebSocket.Handler; 0 requests; ",
    ];
    expect((await look()).map(words).sort()).toEqual(expected);
    for (const { pid } of before) {
      await until(() => asleep(pid));
      await other.call("sys", "suspend", [pid]);
    }
    const during = await look();
    expect(during.map(words).sort()).toEqual(expected);
    expect(during.map(({ suspended }) => suspended)).toEqual([true, true]);
  });

  /** Ends a connection's process, and with it what it is busy with. */
  async function end(connection: Connection | undefined): Promise<void> {
    await node.call("erlang", "exit", [connection?.pid as Pid, atom("kill")]);
  }
});
