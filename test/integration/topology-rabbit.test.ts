/** The shape of RabbitMQ, a node that nobody wrote for us: listeners in two places, connections behind supervisors, Ranch 1 and 2. */

import { once } from "node:events";
import { connect as dial, type Socket } from "node:net";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import {
  ranchConnections,
  ranchConnectionsSup,
  websocketChannelConnections,
} from "../../src/instructions/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import {
  leftSuspended,
  observer,
  type Remote,
  restartChild,
  terminateChild,
} from "../../src/otp/index.ts";
import { inspect, type Pid, type Term, type Tuple } from "../../src/term/index.ts";
import {
  channels,
  connections,
  type Listener,
  listeners,
  type SupervisionNode,
  supervisionTree,
} from "../../src/topology/index.ts";
import { hasRabbit, provision, type RabbitProcess, startRabbit } from "../support/index.ts";

const ANY = "{0, 0, 0, 0, 0, 0, 0, 0}";
const OWN = "{127, 0, 0, 1}";

const RELEASES = [
  { set: "rabbitmq38", otp: "otp23", kind: "ranch1", ranch: /^Ranch 1\.\d/, ip: ANY, below: 3 },
  { set: "rabbitmq310", otp: "otp25", kind: "ranch2", ranch: /^Ranch 2\.\d/, ip: ANY, below: 3 },
  // From 4 on the names are true, and connections of web_mqtt stand below no supervisor of their own.
  { set: "rabbitmq43", otp: "otp29", kind: "ranch2", ranch: /^Ranch 2\.\d/, ip: OWN, below: 1 },
] as const;

describe.runIf(await hasRabbit()).each(RELEASES)("$set", ({ set, otp, kind, ranch, ip, below }) => {
  let rabbit: RabbitProcess;
  let node: BeamNode;
  let remote: Remote;
  let stomp: WebSocket;
  let mqtt: MqttClient;
  let idle: Socket;

  beforeAll(async () => {
    rabbit = await startRabbit({ otp: await provision(otp), set });
    node = await connect(rabbit.name, {
      cookie: rabbit.cookie,
      address: { host: "127.0.0.1", port: rabbit.port },
    });
    remote = observer(node);
    stomp = new WebSocket(`ws://127.0.0.1:${rabbit.stomp}/ws`, ["v12.stomp"]);
    await once(stomp, "open");
    const connected = once(stomp, "message");
    stomp.send("CONNECT\naccept-version:1.2\nlogin:guest\npasscode:guest\n\n\0");
    expect(String((await connected)[0])).toMatch(/^CONNECTED/);
    mqtt = await connectAsync(`ws://127.0.0.1:${rabbit.mqtt}/ws`, {
      username: "guest",
      password: "guest",
      protocolVersion: 4,
    });
    idle = dial(rabbit.mqtt, "127.0.0.1");
    await once(idle, "connect");
    while ((await connections(remote)).connections.length < 3) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  afterAll(async () => {
    stomp?.terminate();
    idle?.destroy();
    await mqtt?.endAsync(true);
    await node?.close();
    await rabbit?.[Symbol.asyncDispose]();
  });

  const kinds = async (): Promise<Record<string, { kind: string; evidence: string; pid: Pid }>> => {
    const names: [string, number | undefined][] = [];
    for (const { name, address } of await listeners(remote)) names.push([name, address?.port]);
    const found = (await connections(remote)).connections.map((connection) => {
      const port = names.find(([name]) => name === connection.listener)?.[1];
      const what = port === rabbit.stomp ? "stomp" : "mqtt";
      return [`${what} ${connection.kind}`, connection] as const;
    });
    return Object.fromEntries(found);
  };

  it("has its listeners found, embedded or not", async () => {
    const found = await listeners(remote);
    const at = (port: number) => found.find(({ address }) => address?.port === port);
    expect(found).toHaveLength(5);
    for (const listener of found) {
      expect(listener).toMatchObject({ kind, status: "running", unanswered: [] });
      expect(listener.evidence).toMatch(ranch);
      expect(listener.acceptors).toHaveLength(10);
    }
    for (const port of [rabbit.stomp, rabbit.mqtt]) {
      expect(at(port)).toMatchObject({ embedded: false, address: { ip: "127.0.0.1" } });
      expect(at(port)?.name).toBe(`{:acceptor, ${ip}, ${port}}`);
    }
    const embedded = found.filter((listener) => listener.embedded);
    expect(embedded.map(({ application }) => String(application)).sort()).toEqual([
      "rabbit",
      "rabbitmq_mqtt",
      "rabbitmq_stomp",
    ]);
  });

  it("has its websockets told from idle HTTP, also one that hibernates", async () => {
    const found = await kinds();
    expect(Object.keys(found).sort()).toEqual([
      "mqtt http-idle",
      "mqtt websocket",
      "stomp websocket",
    ]);
    expect(found["stomp websocket"]?.evidence).toBe("it runs cowboy_websocket");
    expect(found["mqtt http-idle"]?.evidence).toBe("it runs cowboy_http");
    expect(found["mqtt websocket"]?.evidence).toMatch(/cowboy_websocket/);
    expect((await connections(remote)).unanswered).toEqual([]);
    // Ranch holds a supervisor for some or for all, and the websocket is below that.
    const supervisors = (await listeners(remote)).flatMap((one) => one.supervisors.connections);
    const held: string[] = [];
    for (const pid of supervisors) {
      const children = await node.call("supervisor", "which_children", [pid]);
      for (const { items } of children as readonly Tuple<readonly [Term, Pid]>[]) {
        held.push(String(items[1]));
      }
    }
    expect(held).toHaveLength(3);
    expect(held).not.toContain(String(found["stomp websocket"]?.pid));
    expect(held.includes(String(found["mqtt websocket"]?.pid))).toBe(below === 1);
    expect(await channels(remote)).toEqual([]); // a fact here, not ignorance: no websocket has any
  });

  it("has no websocket denied where a supervisor stands for its connection", async () => {
    const context = { instruction: "Test", node, log: () => undefined };
    const answers: Record<string, unknown> = {};
    for (const { supervisors } of await listeners(remote)) {
      const sup = await ranchConnectionsSup(context, supervisors.listener);
      const found = (await ranchConnections(context, sup)).flatMap(({ pid }) => pid ?? []);
      const sockets = await websocketChannelConnections(context, "rabbit", found);
      answers[`${found.length} connections`] = sockets;
    }
    const direct = (await kinds())["mqtt websocket"]?.pid;
    expect(answers).toEqual({
      "0 connections": [],
      "1 connections": "not_detected",
      "2 connections": below === 1 ? [direct] : "not_detected",
    });
  });

  it("keeps its websockets apart while all is suspended, and its clients their sessions", async () => {
    const before = await kinds();
    const pids = Object.values(before).map(({ pid }) => pid);
    for (const pid of pids) await node.call("sys", "suspend", [pid]);
    const during = await connections(remote);
    expect(during.connections.map(({ suspended }) => suspended)).toEqual([true, true, true]);
    expect(Object.keys(await kinds()).sort()).toEqual(Object.keys(before).sort());
    const left = await leftSuspended(remote);
    expect(left.map(String).sort()).toEqual(pids.map(String).sort());

    const published = mqtt.publishAsync("t", "x", { qos: 1 });
    for (const pid of pids) await node.call("sys", "resume", [pid]);
    await published;
    const receipt = once(stomp, "message");
    stomp.send("SUBSCRIBE\nid:0\ndestination:/topic/t\nreceipt:r1\n\n\0");
    expect(String((await receipt)[0])).toMatch(/RECEIPT/);
    expect(await leftSuspended(remote)).toEqual([]);
  });

  it("never has a connection of another protocol taken for HTTP", async () => {
    const greetings = {
      rabbit: "AMQP\0\0\u0009\u0001",
      rabbitmq_mqtt: "\u0010\u000d\0\u0004MQTT\u0004\u0002\0\u003c\0\u0001t",
      rabbitmq_stomp: "CONNECT\naccept-version:1.2\nlogin:guest\npasscode:guest\n\n\0",
    };
    for (const [application, greeting] of Object.entries(greetings)) {
      const listener = (await listeners(remote)).find((one) => one.application === application);
      const socket = dial(listener?.address?.port as number, "127.0.0.1");
      await once(socket, "connect");
      socket.write(greeting);
      await once(socket, "data");
      const found = await connections(remote, listener);
      expect(found.connections).toMatchObject([
        { kind: "unknown", stop: "none", requests: [], channels: [] },
      ]);
      expect(found.connections[0]?.evidence).toMatch(/is not of Cowboy$/);
      socket.destroy();
    }
  });

  it("has its listeners held and refused by what they say can be stopped", async () => {
    const at = async (port: number) =>
      (await listeners(remote)).find(({ address }) => address?.port === port) as Listener;
    const { name, stops, acceptors } = await at(rabbit.stomp);
    const named = async () => (await listeners(remote)).find((one) => one.name === name);
    for (const { supervisor, id } of acceptors) await terminateChild(node, supervisor, id);
    expect(await named()).toMatchObject({ status: "held", address: { port: rabbit.stomp } });
    const waiting = new WebSocket(`ws://127.0.0.1:${rabbit.stomp}/ws`, ["v12.stomp"]);
    const opened = once(waiting, "open");
    for (const { supervisor, id } of acceptors) await restartChild(node, supervisor, id);
    await opened;
    waiting.terminate();
    for (const { supervisor, id } of stops.refuse) await terminateChild(node, supervisor, id);
    expect(await named()).toMatchObject({ status: "suspended", address: undefined });
    const refused = dial(rabbit.stomp, "127.0.0.1");
    const [error] = (await once(refused, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNREFUSED");
    for (const { supervisor, id } of stops.refuse) await restartChild(node, supervisor, id);
    expect(await at(rabbit.stomp)).toMatchObject({ name, status: "running" });
    expect(await at(rabbit.mqtt)).toMatchObject({ status: "running" });
  });

  it("has one tree per application, with every supervisor answering", async () => {
    const roots = await supervisionTree(remote);
    const all: SupervisionNode[] = [];
    const work = [...roots];
    for (let next = work.pop(); next !== undefined; next = work.pop()) {
      all.push(next);
      work.push(...next.children);
    }
    expect(all.length).toBeGreaterThan(200);
    expect(all.filter(({ answered }) => !answered)).toEqual([]);
    expect(roots.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["rabbit", "ranch", below === 1 ? "khepri" : "mnesia"]),
    );
    const listener = all.find(({ id }) => id.includes(`${rabbit.stomp}}`));
    expect(listener?.id).toMatch(/ranch_listener_sup/);
  });

  it("tells nothing of its cookie, users or keys", async () => {
    const answers: string[] = [];
    const noting: Remote = {
      name: node.name,
      call: async (...args) => {
        const answer: Term = await node.call(...args);
        answers.push(inspect(answer, { limit: 1e6 }));
        return answer;
      },
    };
    await listeners(noting);
    await connections(noting);
    await channels(noting);
    await supervisionTree(noting);
    await leftSuspended(noting);
    const all = answers.join();
    expect(all).not.toContain(rabbit.cookie);
    expect(all).not.toMatch(/guest|password/);
  });
});
