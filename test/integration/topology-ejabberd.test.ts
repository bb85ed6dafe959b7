/** The shape of ejabberd, a node with websockets and without Ranch: listeners of one process, HTTP processes that become websockets. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as dial, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { DEFAULT_CONFIG, SuspendRanchAcceptors } from "../../src/instructions/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import {
  evaluate,
  observer,
  type Remote,
  restartChild,
  terminateChild,
} from "../../src/otp/index.ts";
import { atom, inspect, type Pid, type Term, tuple } from "../../src/term/index.ts";
import {
  type Connection,
  channels,
  connections,
  type Listener,
  listeners,
  supervisionTree,
} from "../../src/topology/index.ts";
import { runInstruction } from "../../src/upgrade/index.ts";
import { type EjabberdProcess, freePort, hasEjabberd, startEjabberd } from "../support/index.ts";

const WAIT = { wait: 300 };
const OPEN = '<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" to="localhost" version="1.0"/>';
const BOSH = "http://jabber.org/protocol/httpbind";

describe.runIf(await hasEjabberd())("ejabberd", () => {
  let ejabberd: EjabberdProcess;
  let node: BeamNode;
  let remote: Remote;
  const open: (() => unknown)[] = [];

  beforeAll(async () => {
    ejabberd = await startEjabberd();
    node = await connect(ejabberd.name, {
      cookie: ejabberd.cookie,
      address: { host: "127.0.0.1", port: ejabberd.port },
    });
    remote = observer(node);
  });

  afterEach(async () => {
    for (let close = open.pop(); close !== undefined; close = open.pop()) await close();
    await until(async () => (await seen()).length === 0);
  });

  afterAll(async () => {
    await node?.close();
    await ejabberd?.[Symbol.asyncDispose]();
  });

  const seen = async (): Promise<readonly Connection[]> => (await connections(remote)).connections;
  const erlang = (text: string): Promise<Term> => evaluate(node, text, { language: "erlang" });
  const kinds = (found: readonly Connection[]): string[] => found.map(({ kind }) => kind).sort();

  async function at(port: number): Promise<Listener> {
    const found = await listeners(remote, WAIT);
    return found.find(({ name }) => name.startsWith(`{${port},`)) as Listener;
  }

  async function xmpp(port = ejabberd.http): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ["xmpp"]);
    open.push(() => socket.terminate());
    await once(socket, "open");
    const answer = once(socket, "message");
    socket.send(OPEN);
    expect(String((await answer)[0])).toMatch(/^<open /);
    return socket;
  }

  async function mqtt(url = `ws://127.0.0.1:${ejabberd.http}/mqtt`): Promise<MqttClient> {
    const username = `user${open.length}@localhost`;
    const client = await connectAsync(url, {
      protocolVersion: 5,
      username,
      password: "any",
      reconnectPeriod: 0,
    });
    open.push(() => client.endAsync(true));
    return client;
  }

  async function tcp(port = ejabberd.http, text = ""): Promise<Socket> {
    const socket = dial(port, "127.0.0.1");
    open.push(() => socket.destroy());
    await once(socket, "connect");
    if (text !== "") socket.write(text);
    return socket;
  }

  async function asked(): Promise<Socket> {
    const socket = await tcp(ejabberd.http, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(socket, "data");
    return socket;
  }

  /** A request that ejabberd holds back until it has something to say. */
  async function held(): Promise<Socket> {
    const post = (body: string): string =>
      `POST /bosh HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const socket = await tcp(
      ejabberd.http,
      post(
        `<body content='text/xml' hold='1' rid='1' to='localhost' ver='1.6' wait='60' xmlns='${BOSH}' xmpp:version='1.0' xmlns:xmpp='urn:xmpp:xbosh'/>`,
      ),
    );
    const [answer] = (await once(socket, "data")) as [Buffer];
    const sid = /sid='(\w+)'/.exec(String(answer))?.[1];
    socket.write(post(`<body rid='2' sid='${sid}' xmlns='${BOSH}'/>`));
    open.push(async () => {
      const end = post(`<body rid='3' sid='${sid}' type='terminate' xmlns='${BOSH}'/>`);
      await once(await tcp(ejabberd.http, end), "data"); // which answers the request that waits, too
    });
    return socket;
  }

  it("has its listeners found, each with the one process that accepts", async () => {
    const found = await listeners(remote);
    expect(found.map(({ address, protocol }) => `${address?.port} ${protocol}`).sort()).toEqual(
      [
        `${ejabberd.c2s} ejabberd_c2s`,
        `${ejabberd.mqtt} mod_mqtt`,
        `${ejabberd.http} ejabberd_http`,
        `${ejabberd.loose} ejabberd_http`,
      ].sort(),
    );
    for (const listener of found) {
      expect(listener).toMatchObject({
        kind: "ejabberd",
        status: "running",
        application: "ejabberd",
        embedded: false,
        address: { ip: "127.0.0.1" },
        unanswered: [],
        stops: { hold: [], refuse: [{ id: listener.ref }] },
        evidence: expect.stringMatching(/^ejabberd \d\S+, under ejabberd_listener$/),
      });
      expect(listener.acceptors).toHaveLength(1);
      const loose = listener.address?.port === ejabberd.loose;
      expect(listener.supervisors.connections).toHaveLength(loose ? 0 : 1);
    }
    const pid = (await at(ejabberd.http)).acceptors[0]?.pid as Pid;
    expect(inspect(await node.call("proc_lib", "translate_initial_call", [pid]))).toBe(
      "{:ejabberd_listener, :init, 3}",
    );
  });

  it("has as many connections of each kind as its clients hold open", async () => {
    await Promise.all([xmpp(), xmpp(), mqtt(), mqtt(`mqtt://127.0.0.1:${ejabberd.mqtt}`)]);
    await Promise.all([tcp(), asked(), held(), tcp(ejabberd.c2s, "<?xml version='1.0'?>")]);
    await until(async () => kinds(await seen()).includes("http-busy"));
    const told = (await seen()).map(({ listener, kind, evidence, stop, requests }) =>
      [portOf(listener), kind, evidence, stop, requests.length].join("; "),
    );
    const { http, c2s } = ejabberd;
    expect(told.sort()).toEqual(
      [
        ...Array.from(
          { length: 3 },
          () => `${http}; websocket; it runs ejabberd_websocket:ws_loop; freeze; 0`,
        ),
        ...Array.from({ length: 2 }, () => `${http}; http-idle; it runs ejabberd_http; freeze; 0`),
        `${http}; http-busy; it runs ejabberd_http; freeze; 1`,
        `${c2s}; unknown; it belongs to ejabberd_c2s_sup, which is not HTTP; none; 0`,
        `${ejabberd.mqtt}; unknown; it belongs to mod_mqtt_sup, which is not HTTP; none; 0`,
      ].sort(),
    );
    for (const { channels: joined, suspended } of await seen()) {
      expect(joined).toEqual([]); // sessions stand behind them, and they are no channels
      expect(suspended).toBe(false);
    }
    expect(await channels(remote)).toEqual([]);
    const only = await connections(remote, await at(c2s));
    expect(only.connections.map(({ kind }) => kind)).toEqual(["unknown"]);
    expect((await connections(remote, { ref: atom("another") })).connections).toEqual([]);
  });

  it("has a request that is read or answered counted as running, also half of one", async () => {
    await tcp(ejabberd.http, "GET /nothing HTTP/1.1\r\nHost: lo");
    await tcp(
      ejabberd.http,
      "POST /bosh HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n<",
    );
    await until(async () => String(kinds(await seen())) === "http-busy,http-idle");
  });

  it("has connections told apart by listener, supervised or not, configured or added later", async () => {
    const added = await freePort();
    const id = `{${added}, {0, 0, 0, 0}, tcp}`;
    await erlang(
      `[[Opts]] = ets:match(ejabberd_listener, {{${ejabberd.http}, '_', '_'}, '_', '$1'}),
       ok = ejabberd_listener:add_listener(${id}, ejabberd_http, Opts)`,
    );
    expect(await at(added)).toMatchObject({ status: "running", protocol: undefined });
    const ports = [ejabberd.http, ejabberd.loose, added];
    for (const port of ports) await Promise.all([xmpp(port), tcp(port)]);
    await until(async () => (await seen()).length === 6);
    const told = (await seen()).map(({ listener, kind }) => `${portOf(listener)} ${kind}`);
    expect(told.sort()).toEqual(
      ports.flatMap((port) => [`${port} http-idle`, `${port} websocket`]).sort(),
    );
    for (const port of ports) {
      const { connections: found } = await connections(remote, await at(port));
      expect(kinds(found)).toEqual(["http-idle", "websocket"]);
      expect(found.map(({ listener }) => portOf(listener))).toEqual([port, port]);
    }
    await erlang(
      `supervisor:terminate_child(ejabberd_listener, ${id}), supervisor:delete_child(ejabberd_listener, ${id})`,
    );
  });

  it("has a listener stopped and started again through its supervisor, with nobody disconnected", async () => {
    const socket = await xmpp();
    const client = await mqtt();
    const before = await at(ejabberd.http);
    const [place] = before.stops.refuse;
    await terminateChild(node, place?.supervisor as Pid, place?.id as Term);
    expect(await at(ejabberd.http)).toMatchObject({
      status: "suspended",
      address: undefined,
      acceptors: [{ pid: undefined }],
      stops: { hold: [], refuse: [] },
    });
    await expect(tcp()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(kinds(await seen())).toEqual(["websocket", "websocket"]);
    await restartChild(node, place?.supervisor as Pid, place?.id as Term);
    const { acceptors, ...after } = await at(ejabberd.http);
    expect(after).toMatchObject({ status: "running", address: before.address, ref: before.ref });
    expect(acceptors[0]?.pid).toBeDefined();
    expect(socket.readyState).toBe(WebSocket.OPEN);
    await client.publishAsync("t", "x", { qos: 1 });
    await xmpp();
    expect(kinds(await seen())).toEqual(["websocket", "websocket", "websocket"]);
  });

  it("has its websockets known while the scheduler holds them, and their clients served afterwards", async () => {
    const client = await mqtt();
    const [socket] = await seen();
    // Why not by a system message: it drops what it does not know, and goes on.
    const told = await node.call("sys", "suspend", [socket?.pid as Pid, 300]).catch(String);
    expect(told).toMatch(/timeout/);
    expect(await seen()).toMatchObject([{ kind: "websocket", suspended: false, queue: 0 }]);

    await tcp();
    await until(async () => (await seen()).length === 2);
    const idle = (await seen()).find(({ kind }) => kind === "http-idle");
    expect(await node.call("sys", "suspend", [idle?.pid as Pid, 300]).catch(String)).toMatch(
      /timeout/,
    );
    const left = (await seen()).find(({ kind }) => kind === "http-idle");
    expect(left).toMatchObject({ suspended: false, queue: 1 }); // there it stays in the mailbox
    (open.pop() as () => unknown)();
    await until(async () => (await seen()).length === 1);

    const holder = await node.call("erlang", "spawn", [
      await erlang(
        "fun() -> receive {hold, Pid} -> erlang:suspend_process(Pid), receive stop -> ok end end end",
      ),
    ]);
    await node.call("erlang", "send", [holder, tuple(atom("hold"), socket?.pid as Pid)]);
    await until(async () => (await seen())[0]?.suspended === true);
    const published = client.publishAsync("t", "x", { qos: 1 });
    expect(await seen()).toMatchObject([
      { kind: "websocket", evidence: "it runs ejabberd_websocket:ws_loop", suspended: true },
    ]);
    await node.call("erlang", "send", [holder, atom("stop")]); // who held it is gone, so it runs
    await published;
    expect(await seen()).toMatchObject([{ kind: "websocket", suspended: false }]);
  });

  it("has what hangs named, and its connections listed all the same", async () => {
    await xmpp();
    const listener = await at(ejabberd.http);
    const [conns] = listener.supervisors.connections as [Pid];
    await node.call("sys", "suspend", [conns]);
    const hung = await listeners(remote, WAIT);
    const found = await connections(remote, undefined, WAIT);
    await node.call("sys", "resume", [conns]);
    expect(hung.map(({ status, protocol }) => `${protocol} ${status}`).sort()).toEqual([
      "ejabberd_c2s running",
      "ejabberd_http hung",
      "ejabberd_http running",
      "mod_mqtt running",
    ]);
    for (const { unanswered } of hung.filter(({ status }) => status === "hung")) {
      expect(unanswered.map(String)).toEqual([String(conns)]);
    }
    expect(kinds(found.connections)).toEqual(["websocket"]);
    expect(found.unanswered.map((one) => [one.listener, String(one.supervisor)])).toEqual([
      [listener.name, String(conns)],
    ]);

    await node.call("sys", "suspend", [listener.pid]);
    const all = await listeners(remote, WAIT);
    await node.call("sys", "resume", [listener.pid]);
    expect(all).toHaveLength(4);
    for (const one of all) {
      expect(one).toMatchObject({ status: "hung", acceptors: [], stops: { refuse: [] } });
      expect(one.unanswered.map(String)).toEqual([String(listener.pid)]);
    }
    expect(await at(ejabberd.http)).toMatchObject({ status: "running", unanswered: [] });
  });

  it("sends its connections no message, and takes no options of theirs along", async () => {
    await Promise.all([xmpp(), mqtt(), tcp(), held()]);
    await until(async () => kinds(await seen()).includes("http-busy"));
    const pids = (await seen()).map(({ pid }) => pid);
    const tracer = await erlang(
      `spawn(fun() -> register(noted, self()),
         (fun Loop(N) -> receive {get, To, Ref} -> To ! {Ref, N}, Loop(N);
           {trace, _, 'receive', M} when element(1, M) =:= system; element(1, M) =:= '$gen_call' -> Loop(N + 1);
           _ -> Loop(N) end end)(0) end)`,
    );
    const flags = await erlang("[{tracer, whereis(noted)}, 'receive']");
    for (const pid of pids) await node.call("erlang", "trace", [pid, atom("true"), flags]);
    const noted = (): Promise<Term> =>
      erlang("R = make_ref(), noted ! {get, self(), R}, receive {R, N} -> N end");
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
    await listeners(noting);
    await supervisionTree(noting);
    expect(await noted()).toBe(0);
    await node.call("sys", "get_status", [pids[0] as Pid, 100]).catch(() => undefined);
    expect(await noted()).not.toBe(0); // that it would have noted
    await node.call("erlang", "exit", [tracer, atom("kill")]);
    expect(answers.join()).not.toContain(ejabberd.cookie);
    expect(answers.join()).not.toMatch(/certfile|request_handlers|password/);
  });

  it("refuses new clients and listens again, and is left alone by what would hold them", async () => {
    const config = { application: "ejabberd", ...DEFAULT_CONFIG };
    const stateDirectory = await mkdtemp(join(tmpdir(), "beamctl-ejabberd-"));
    await expect(
      runInstruction(node, SuspendRanchAcceptors, { config, stateDirectory }),
    ).rejects.toThrow("CheckRanchAcceptors: there is no way to hold new clients of");
    const before = await listeners(remote);
    const { facts } = await runInstruction(node, SuspendRanchAcceptors, {
      config: { ...config, acceptors: "refuse" },
      stateDirectory,
    });
    expect(facts.listeners).toHaveLength(before.length);
    const now = await listeners(remote);
    expect(now.map(({ address, status }) => [address, status])).toEqual(
      before.map(({ address }) => [address, "running"]),
    );
    await rm(stateDirectory, { recursive: true });
  });

  it("has a tree with a child that does not run", async () => {
    const [root] = await supervisionTree(remote, { application: "ejabberd" });
    expect(root).toMatchObject({ id: "ejabberd", name: ":ejabberd_sup", answered: true });
    const child = (id: string) => root?.children.find((one) => one.id === id);
    expect(child(":ejabberd_sql_sup")).toMatchObject({
      pid: undefined,
      type: "supervisor",
      children: [],
    });
    expect(child(":ejabberd_listener")?.children).toHaveLength(4);
    expect(child(":ejabberd_router")).toMatchObject({ type: "worker", answered: true });
  });
});

/** ejabberd knows a listener as `{Port, Ip, tcp}`. */
function portOf(listener: string): number {
  return Number(/\d+/.exec(listener)?.[0]);
}

/** Asks again until it is so; the test's own time limit ends it. */
async function until(so: () => Promise<boolean>): Promise<void> {
  while (!(await so())) await new Promise((resolve) => setTimeout(resolve, 20));
}
