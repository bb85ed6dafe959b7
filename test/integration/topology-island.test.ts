/** The listeners of Thousand Island, seen through an observer. */

import { once } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { BeamNode } from "../../src/node/index.ts";
import {
  evaluate,
  observer,
  type Remote,
  restartChild,
  terminateChild,
} from "../../src/otp/index.ts";
import { inspect, type Pid, type Term } from "../../src/term/index.ts";
import {
  type Connection,
  connections,
  type Listener,
  listeners,
} from "../../src/topology/index.ts";
import { freePort, provision } from "../support/index.ts";
import { joined, link, plain, request, until } from "../support/island/clients.ts";
import { type IslandNode, startIsland } from "../support/island/start.ts";

const NAME = "{Island.Endpoint, :http}";
const WAIT = { wait: 300 };

describe.each(["otp25", "otp27", "otp29"] as const)("listeners of Thousand Island on %s", (set) => {
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
  const suspend = (pid: Pid): Promise<Term> => node.call("sys", "suspend", [pid]);
  const resume = (pid: Pid): Promise<Term> => node.call("sys", "resume", [pid]);
  const erlang = (text: string): Promise<Term> => evaluate(node, text, { language: "erlang" });

  const only = async (name = NAME): Promise<Listener> => {
    const found = (await listeners(remote, WAIT)).filter((listener) => listener.name === name);
    expect(found).toHaveLength(1);
    return found[0] as Listener;
  };

  const join = (...topics: string[]) => joined(island, ...topics);

  it("are found where they hang, with address and acceptors", async () => {
    const listener = await only();
    expect(listener).toMatchObject({
      kind: "thousand_island",
      status: "running",
      address: { ip: "127.0.0.1", port: island.httpPort },
      application: "island",
      embedded: true,
      protocol: "Bandit",
      unanswered: [],
      evidence: "Thousand Island 1.5.0 with Bandit 1.12.5, embedded in island",
    });
    expect(listener.acceptors).toHaveLength(4);
    expect(listener.supervisors.connections).toHaveLength(4);
    for (const { supervisor, id, pid } of listener.acceptors) {
      const kids = inspect(await node.call("supervisor", "which_children", [supervisor]));
      expect(kids).toContain(`{${inspect(id)}, ${inspect(pid as Pid)}`);
    }
    const { hold, refuse } = listener.stops;
    expect(hold.map(String)).toEqual(listener.acceptors.map(({ pid }) => String(pid)));
    expect(refuse.slice(0, 4).map(({ supervisor }) => String(supervisor))).toEqual(
      listener.acceptors.map(({ supervisor }) => String(supervisor)),
    );
    expect(refuse.slice(4).map(({ supervisor, id }) => [String(supervisor), inspect(id)])).toEqual([
      [String(listener.pid), ":shutdown_listener"],
      [String(listener.pid), ":listener"],
    ]);
  });

  it("whose connections are another protocol's say so", async () => {
    const name = "{Island.Foreign, :tcp}";
    expect(await only(name)).toMatchObject({ address: { port: island.foreignPort } });
    const socket = await plain(island.foreignPort);
    await until(async () => (await seen()).length === 1);
    expect(await only(name)).toMatchObject({ protocol: "Elixir.Island.Foreign" });
    const [connection] = await seen();
    expect(connection).toMatchObject({
      listener: name,
      kind: "unknown",
      stop: "none",
      evidence: "Island.Foreign is not of Bandit",
    });
    socket.destroy();
  });

  it("with one id are told apart", async () => {
    const ports = [await freePort(), await freePort()];
    for (const port of ports) {
      await evaluate(
        node,
        `{:ok, _} = Supervisor.start_child(Island.Supervisor,
           %{id: ${port}, start: {Island.Twin, :start_link, [${port}]}, type: :supervisor})`,
      );
    }
    const twins = (await listeners(remote)).filter(({ name }) => name.includes("Twin"));
    expect(new Set(twins.map(({ name }) => name)).size).toBe(2);
    expect(twins.map(({ address }) => String(address?.port)).sort()).toEqual(
      ports.map(String).sort(),
    );
    for (const twin of twins) {
      const socket = await plain(twin.address?.port as number);
      await until(async () => (await connections(remote, twin)).connections.length === 1);
      expect((await connections(remote, await only())).connections).toEqual([]);
      socket.destroy();
      await until(async () => (await connections(remote, twin)).connections.length === 0);
    }
    for (const port of ports) {
      await evaluate(node, `Supervisor.terminate_child(Island.Supervisor, ${port})`);
    }
    expect((await listeners(remote)).map(({ name }) => name)).toEqual([
      NAME,
      "{Island.Foreign, :tcp}",
    ]);
  });

  it("are partial or held while acceptors are terminated, and refuse nobody", async () => {
    const { acceptors } = await only();
    const [first, ...rest] = acceptors;
    await terminateChild(node, first?.supervisor as Pid, first?.id as Term);
    expect(await only()).toMatchObject({ status: "partial" });
    for (const { supervisor, id } of rest) await terminateChild(node, supervisor, id);
    const held = await only();
    expect(held).toMatchObject({
      status: "held",
      address: { port: island.httpPort },
      stops: { hold: [] },
    });
    expect(held.acceptors).toHaveLength(acceptors.length);
    const waiting = await plain(island.httpPort);
    waiting.write("GET /fast HTTP/1.1\r\nconnection: close\r\n\r\n");
    expect(await seen()).toEqual([]);
    for (const { supervisor, id } of acceptors) await restartChild(node, supervisor, id);
    const [data] = (await once(waiting, "data")) as [Buffer];
    expect(String(data)).toMatch(/^HTTP\/1.1 200/);
    expect(await only()).toMatchObject({ status: "running" });
    waiting.destroy();
  });

  it("are suspended when what listens is terminated, and run again in reverse order", async () => {
    await using kept = await join("room:a");
    const before = await only();
    for (const { supervisor, id } of before.stops.refuse) {
      await terminateChild(node, supervisor, id);
    }
    expect(await only()).toMatchObject({
      status: "suspended",
      address: undefined,
      stops: { hold: [], refuse: [] },
    });
    await expect(request(island.httpPort, "/fast")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const reply = once(kept, "message");
    kept.send(JSON.stringify(["1", "2", "room:a", "ping", {}]));
    expect(String(await reply)).toContain('"status":"ok"');
    for (const { supervisor, id } of before.stops.refuse.toReversed()) {
      await restartChild(node, supervisor, id);
    }
    const after = await only();
    expect(after).toMatchObject({ status: "running", address: before.address });
    expect(after.stops.refuse).toHaveLength(before.stops.refuse.length);
    expect(await request(island.httpPort, "/fast")).toBe(200);
  });

  it("are hung while a supervisor of theirs does not answer, and name it", async () => {
    const { pid, supervisors, acceptors } = await only();
    const others = [supervisors.acceptors, acceptors[2]?.supervisor] as Pid[];
    for (const sup of [pid, ...others]) {
      await suspend(sup);
      const hung = await only();
      await resume(sup);
      expect(hung.status).toBe("hung");
      expect(hung.unanswered.map(String)).toEqual([String(sup)]);
      expect(hung.address).toMatchObject({ port: island.httpPort });
    }
    expect(await only()).toMatchObject({ status: "running" });
  });

  it("are known by pid alone while who started them does not answer", async () => {
    const { pid } = await only();
    const endpoint = (await erlang("whereis('Elixir.Island.Endpoint')")) as Pid;
    await suspend(endpoint);
    const hung = (await listeners(remote, WAIT)).find((one) => String(one.pid) === String(pid));
    const { unanswered } = await connections(remote, undefined, WAIT);
    await resume(endpoint);
    expect(hung).toMatchObject({ name: inspect(pid), status: "hung" });
    expect(hung?.unanswered.map(String)).toEqual([String(endpoint)]);
    expect(unanswered.map(({ supervisor }) => String(supervisor))).toEqual([String(endpoint)]);
  });

  it("reads a hundred acceptors, its default", async () => {
    await using full = await startIsland({ otp: await provision(set) });
    await using other = await link(full);
    const [listener] = await listeners(observer(other));
    expect(listener?.acceptors).toHaveLength(100);
    expect(new Set(listener?.stops.hold.map(String)).size).toBe(100);
  });
});
