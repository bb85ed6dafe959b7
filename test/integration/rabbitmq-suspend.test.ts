/** RabbitMQ, a node that nobody wrote for us: its websockets and listeners are held under guard, and its clients notice nothing. */

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectAsync, type MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { Guardian } from "../../src/guard/index.ts";
import { bulkResume, bulkSuspend, type Target, targets } from "../../src/instructions/index.ts";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { leftSuspended } from "../../src/otp/index.ts";
import { atom, Pid } from "../../src/term/index.ts";
import { connections, listeners } from "../../src/topology/index.ts";
import { Cli } from "../support/cli/run.ts";
import { hasRabbit, provision, type RabbitProcess, startRabbit } from "../support/index.ts";

describe.runIf(await hasRabbit())("RabbitMQ under guard", () => {
  let rabbit: RabbitProcess;
  let node: BeamNode;
  let state: string;
  let stomp: WebSocket;
  let mqtt: MqttClient;
  const heard: string[] = [];
  const lost: string[] = [];

  beforeAll(async () => {
    rabbit = await startRabbit({ otp: await provision("otp25") });
    state = await mkdtemp(join(tmpdir(), "beamctl-rabbit-"));
    const address = { host: "127.0.0.1", port: rabbit.port };
    node = await connect(rabbit.name, { cookie: rabbit.cookie, address });
    stomp = await stompClient(rabbit.stomp);
    stomp.on("close", () => lost.push("stomp"));
    stomp.on("message", (data: Buffer) => {
      const body = /\n\n([^\0]*)\0/.exec(data.toString())?.[1];
      if (data.toString().startsWith("MESSAGE")) heard.push(`stomp ${body}`);
    });
    stomp.send("SUBSCRIBE\nid:1\ndestination:/topic/held\nreceipt:s\n\n\0");
    await once(stomp, "message");
    mqtt = await connectAsync(`ws://127.0.0.1:${rabbit.mqtt}/ws`, {
      username: "guest",
      password: "guest",
      protocolVersion: 4,
      reconnectPeriod: 0,
    });
    mqtt.on("close", () => lost.push("mqtt"));
    mqtt.on("message", (_topic, data) => heard.push(`mqtt ${data.toString()}`));
    await mqtt.subscribeAsync("held");
  });

  afterAll(async () => {
    stomp?.removeAllListeners().terminate();
    mqtt?.removeAllListeners();
    await mqtt?.endAsync(true);
    await node?.close();
    await rabbit?.[Symbol.asyncDispose]();
    await rm(state, { recursive: true, force: true });
  });

  const suspended = async () => (await leftSuspended(node)).length;

  it("holds both websockets; what is sent meanwhile arrives afterwards, on the same session", async () => {
    await using guardian = await Guardian.arm(node, { stateDirectory: state });
    const found = ((await targets({ node }, "transports")) as readonly Target[]).map(
      ({ pid }) => pid,
    );
    expect(found).toHaveLength(2);
    const { result, suspended: held } = await bulkSuspend(guardian, found, 2000);
    expect([result, held.length]).toEqual(["ok", 2]);
    const seen = (await connections(node)).connections.filter(({ kind }) => kind === "websocket");
    expect(seen.map((connection) => connection.suspended)).toEqual([true, true]);

    stomp.send("SEND\ndestination:/topic/held\n\nfrom stomp\0");
    mqtt.publish("held", "from mqtt");
    // The node answers others all the while, and nothing of these two has moved.
    expect(await suspended()).toBe(2);
    expect(heard).toEqual([]);

    expect(await bulkResume({ node, guardian, log: () => undefined }, held)).toBe("ok");
    const all = ["mqtt from mqtt", "mqtt from stomp", "stomp from mqtt", "stomp from stomp"];
    await expect.poll(() => [...heard].sort()).toEqual(all);
    expect(lost).toEqual([]);
    expect(await suspended()).toBe(0);
  });

  it("never suspends a supervisor, of whatever make", async () => {
    const amqp = (await listeners(node)).find(({ application }) => application === "rabbit");
    const socket = dial(amqp?.address?.port as number, "127.0.0.1");
    await once(socket, "connect");
    socket.write("AMQP\0\0\u0009\u0001");
    await once(socket, "data");
    const [connection] = (await connections(node, amqp)).connections;
    const names = [
      "rabbit_sup",
      "rabbit_vhost_sup_sup",
      "rabbit_shovel_sup",
      "rabbit_mgmt_sup_sup",
    ];
    const named = await Promise.all(
      names.map((name) => node.call("erlang", "whereis", [atom(name)])),
    );
    const pids = [
      connection?.pid as Pid,
      ...named.filter((found): found is Pid => found instanceof Pid),
    ];
    expect(pids.length).toBeGreaterThan(2);

    await using guardian = await Guardian.arm(node, { stateDirectory: state });
    const { suspended: held, failed } = await guardian.suspend(pids, { timeout: 1000 });
    expect(held).toEqual([]);
    expect(failed).toHaveLength(pids.length);
    expect(new Set(failed.map(({ reason }) => reason))).toEqual(new Set(["denied"]));
    socket.destroy();
  });

  it("holds its listeners: who connects meanwhile waits, and is served afterwards", async () => {
    await using guardian = await Guardian.arm(node, { stateDirectory: state });
    const before = await listeners(node);
    const acceptors = before.flatMap(({ supervisors, acceptors: found }) =>
      found.map(({ id }) => ({ supervisor: supervisors.acceptors as Pid, id })),
    );
    const { held, failed } = await guardian.hold(acceptors);
    expect([held.length, failed.length]).toEqual([acceptors.length, 0]);
    expect((await listeners(node)).every(({ status }) => status === "held")).toBe(true);

    let served = false;
    const waiting = stompClient(rabbit.stomp).then((client) => {
      served = true;
      return client;
    });
    await node.ping();
    expect(served).toBe(false);
    await guardian.release();
    (await waiting).terminate();
    const after = await listeners(node);
    expect(after.map(({ status }) => status)).toEqual(before.map(() => "running"));
    expect(after.map(({ acceptors: found }) => found.length)).toEqual(
      before.map(({ acceptors: found }) => found.length),
    );
  });

  it("is held by the command as well, and given back at its end", async () => {
    await using cli = await Cli.for(rabbit);
    const { connections: open } = JSON.parse(
      (await cli.run(["connections", "--websockets", "--json"])).stdout,
    );
    expect(open).toMatchObject([{ kind: "websocket" }, { kind: "websocket" }]);
    const args = [
      "chan",
      "suspend",
      "--suspend",
      "transports",
      "--for",
      "300ms",
      "--yes",
      "--json",
    ];
    const { code, stdout } = await cli.run(args);
    expect(JSON.parse(stdout)).toMatchObject({ asked: 2, suspended: 2, resumed: 2 });
    expect(code).toBe(0);
    expect(await suspended()).toBe(0);
    expect(lost).toEqual([]);
  });
});

async function stompClient(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, ["v12.stomp"]);
  await once(socket, "open");
  const connected = once(socket, "message");
  socket.send("CONNECT\naccept-version:1.2\nlogin:guest\npasscode:guest\n\n\0");
  expect(String((await connected)[0])).toMatch(/^CONNECTED/);
  return socket;
}
