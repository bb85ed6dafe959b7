/** Phoenix.PubSub of a live Phoenix, joined from outside: channels, processes and a second node speak through it. */

import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, it } from "vitest";
import { WebSocket } from "ws";
import type { BeamNode, Mailbox } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { atom, binary, equals, inspect, type Pid, parse, TermMap } from "../../src/term/index.ts";
import {
  type PubSub,
  PubSubAdapterError,
  type PubSubMessage,
  pubsub,
  type Subscription,
} from "../../src/testing/index.ts";
import { connectPhoenix, phoenixTarget } from "../support/phoenix-target.ts";

const target = phoenixTarget();
const peer = phoenixTarget("PEER");
const NAME = process.env.BEAMCTL_TEST_PUBSUB ?? "Shop.PubSub";
const body = (text: string) => new TermMap([[binary("body"), binary(text)]]);
let count = 0;
const unique = (what: string) => `${what}:${process.pid}-${++count}`;

/** A process of the node that is subscribed to a topic and sends us on what it gets. */
async function subscriber(node: BeamNode, topic: string): Promise<Mailbox> {
  const mailbox = node.mailbox();
  const source = `
    me = self()
    spawn(fn ->
      ref = Process.monitor(owner)
      :ok = Phoenix.PubSub.subscribe(${NAME}, topic)
      send(me, :subscribed)
      loop = fn loop -> receive do
        {:DOWN, ^ref, _, _, _} -> :ok
        message -> send(owner, message); loop.(loop)
      end end
      loop.(loop)
    end)
    receive do :subscribed -> :ok end`;
  await evaluate(node, source, { bindings: { owner: mailbox.pid, topic: binary(topic) } });
  return mailbox;
}

describe.skipIf(target === undefined)("a live Phoenix", () => {
  let node: BeamNode;
  let bus: PubSub;

  beforeAll(async () => {
    if (target !== undefined) node = await connectPhoenix(target);
  });
  beforeEach(async () => {
    bus = await pubsub(node, NAME);
    return () => bus[Symbol.asyncDispose]();
  });
  afterAll(() => node?.close());

  it("does what the example says", async () => {
    await using bus = await pubsub(node, NAME);
    const rooms = bus.subscribe("room:*");
    await bus.broadcast("room:1", {
      event: "shout",
      payload: new TermMap([[binary("body"), binary("hi")]]),
    });
    const { topic, event, payload } = await rooms.next();
    expect([topic, event, inspect(payload)]).toEqual(["room:1", "shout", '%{"body" => "hi"}']);
  });

  it("hears what processes of the node broadcast, whichever of them", async () => {
    const topic = unique("orders");
    const mine = bus.subscribe(topic);
    const others = bus.subscribe(unique("orders"));
    const all = `for n <- 1..50, do: Task.async(fn -> Phoenix.PubSub.broadcast(${NAME}, "${topic}", {:created, n}) end)`;
    await evaluate(node, `Enum.each((${all}), &Task.await/1)`);
    const messages = await mine.drain();
    expect(messages).toHaveLength(50);
    expect(new Set(messages.map(({ payload }) => inspect(payload))).size).toBe(50);
    expect(messages.every(({ event }) => event === undefined)).toBe(true);
    await others.expectNone();
  });

  it("hears a channel's shout, and channels hear us", async () => {
    const topic = unique("room");
    const url = `${target?.http.replace(/^http/, "ws")}/socket/websocket?vsn=2.0.0`;
    const socket = new WebSocket(url);
    const frames: unknown[][] = [];
    socket.on("message", (data) => frames.push(JSON.parse((data as Buffer).toString())));
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    const push = (...frame: unknown[]) => socket.send(JSON.stringify(frame));
    const received = (event: string) => frames.filter((frame) => frame[3] === event);
    push("1", "1", topic, "phx_join", {});
    await expect.poll(() => received("phx_reply").length).toBe(1);
    const room = bus.subscribe(`${topic.slice(0, 7)}*${topic.slice(-2)}`);
    push("1", "2", topic, "shout", { body: "from the channel" });
    const shout = await room.next(topic);
    expect(shout.event).toBe("shout");
    expect(inspect(shout.payload)).toBe('%{"body" => "from the channel"}');
    // PubSub tells the other nodes, of which we are one, before its own.
    await expect.poll(() => received("shout").length).toBe(1);
    await bus.broadcast(topic, { event: "shout", payload: body("from outside") });
    await expect
      .poll(() => received("shout").map((frame) => frame[4]))
      .toEqual([{ body: "from the channel" }, { body: "from outside" }]);
    if (target !== undefined) {
      await bus.directBroadcast(target.node, topic, { event: "shout", payload: body("directly") });
      await expect.poll(() => received("shout").at(-1)?.[4]).toEqual({ body: "directly" });
    }
    socket.close();
  });

  it("reaches subscribers on the node, and itself", async () => {
    const topic = unique("plain");
    await using there = await subscriber(node, topic);
    const here = bus.subscribe(topic);
    const message = parse("{:created, %{id: 7}}");
    await bus.broadcast(topic, message);
    expect(equals(await there.receive(), message)).toBe(true);
    expect(equals((await here.next()).payload, message)).toBe(true);
  });

  it("does not see what is broadcast locally or directly", async () => {
    const topic = unique("local");
    const here = bus.subscribe(topic);
    await evaluate(node, `Phoenix.PubSub.local_broadcast(${NAME}, "${topic}", :local)`);
    await evaluate(node, `Phoenix.PubSub.direct_broadcast(node(), ${NAME}, "${topic}", :direct)`);
    await evaluate(node, `Phoenix.PubSub.broadcast(${NAME}, "${topic}", :last)`);
    expect((await here.next()).payload).toBe(atom("last"));
    expect(here.size).toBe(0);
  });

  it("takes messages out of order, by topic and by test", async () => {
    const topic = unique("mixed");
    const here = bus.subscribe(`${topic}*`);
    for (const n of [1, 2, 3]) await bus.broadcast(`${topic}/${n}`, n);
    expect((await here.next(`*/3`)).payload).toBe(3);
    expect((await here.next(({ payload }) => payload === 2)).payload).toBe(2);
    await expect(here.next("*/9", { timeout: 50 })).rejects.toMatchObject({
      code: "BEAM_TIMEOUT",
      remedy: expect.stringContaining(`there are ${topic}/1`),
    });
    await expect(here.expectNone(50)).rejects.toMatchObject({ event: { payload: 1 } });
    await here.expectNone(50, "*/9");
    expect((await here.drain()).map(({ payload }) => payload)).toEqual([1]);
  });

  it("is iterated until it is closed", async () => {
    const topic = unique("loop");
    const here = bus.subscribe(topic);
    for (const n of [1, 2, 3]) await bus.broadcast(topic, n);
    const seen: unknown[] = [];
    for await (const { payload } of here) {
      seen.push(payload);
      if (payload === 3) await here[Symbol.asyncDispose]();
    }
    expect(seen).toEqual([1, 2, 3]);
    await bus[Symbol.asyncDispose]();
    await expect(bus.subscribe(topic).next()).rejects.toMatchObject({ code: "BEAM_USAGE" });
  });

  it("joins all groups of a pool", async () => {
    const name = `Beamctl.Pool${process.pid}`;
    await evaluate(node, start(name, "pool_size: 4"));
    await using pool = await pubsub(node, name);
    const here = pool.subscribe("*");
    await evaluate(
      node,
      `1..64 |> Enum.map(fn n -> Task.async(fn -> Phoenix.PubSub.broadcast(${name}, "n", n) end) end) |> Enum.each(&Task.await/1)`,
    );
    const numbers = (await here.drain()).map(({ payload }) => payload as number);
    expect(numbers.toSorted((left, right) => left - right)).toEqual(
      Array.from({ length: 64 }, (_, at) => at + 1),
    );
    await evaluate(node, stop(name));
  });

  it("refuses another adapter, and names it", async () => {
    const name = `Beamctl.Other${process.pid}`;
    const adapter = `{:ok, _} = Registry.start_link(keys: :duplicate, name: ${name}, meta: [pubsub: {Phoenix.PubSub.Redis, ${name}.Adapter}])`;
    await evaluate(
      node,
      `me = self(); spawn(fn -> ${adapter}; Process.register(self(), ${name}.Owner); send(me, :up); receive do :stop -> :ok end end); receive do :up -> :ok end`,
    );
    const refused = pubsub(node, name);
    await expect(refused).rejects.toThrow(PubSubAdapterError);
    await expect(refused).rejects.toMatchObject({ adapter: "Phoenix.PubSub.Redis" });
    await evaluate(node, stop(name));
    await expect(pubsub(node, "No.Such")).rejects.toThrow("there is no No.Such");
  });

  it("is gone from the node when it was left", async () => {
    const members = async () =>
      (await node.call("pg", "get_members", [
        atom("Elixir.Phoenix.PubSub"),
        atom(`Elixir.${NAME}.Adapter`),
      ])) as readonly Pid[];
    const before = (await members()).length;
    const other = await pubsub(node, NAME);
    expect(await members()).toHaveLength(before + 1);
    await other[Symbol.asyncDispose]();
    expect(await members()).toHaveLength(before);
  });

  it.skipIf(peer === undefined)("reaches the other nodes of its cluster", async () => {
    if (peer === undefined) return;
    await node.call("net_kernel", "connect_node", [atom(peer.node)]);
    await using second = await connectPhoenix(peer);
    const topic = unique("cluster");
    await using there = await subscriber(second, topic);
    const members = () =>
      node.call("pg", "get_members", [
        atom("Elixir.Phoenix.PubSub"),
        atom(`Elixir.${NAME}.Adapter`),
      ]) as Promise<readonly Pid[]>;
    await expect
      .poll(async () => (await members()).some((pid) => pid.node.name === peer.node))
      .toBe(true);
    const here = bus.subscribe(topic);
    await bus.broadcast(topic, atom("to_all"));
    expect(await there.receive()).toBe(atom("to_all"));
    await bus.directBroadcast(peer.node, topic, atom("to_one"));
    expect(await there.receive()).toBe(atom("to_one"));
    expect((await here.next()).payload).toBe(atom("to_all"));
    // What is broadcast there is not sent to us: the scope over there does not know us.
    await evaluate(second, `Phoenix.PubSub.broadcast(${NAME}, "${topic}", :over_there)`);
    expect(await there.receive()).toBe(atom("over_there"));
    await using both = await pubsub(second, NAME);
    const over = both.subscribe(topic);
    await evaluate(second, `Phoenix.PubSub.broadcast(${NAME}, "${topic}", :again)`);
    expect((await over.next()).payload).toBe(atom("again"));
    expect(here.size).toBe(0);
  });
});

/** Elixir that starts a PubSub under a process that {@link stop} ends. */
function start(name: string, options: string): string {
  const child = `{:ok, _} = Supervisor.start_link([{Phoenix.PubSub, name: ${name}, ${options}}], strategy: :one_for_one)`;
  return `me = self(); spawn(fn -> ${child}; Process.register(self(), ${name}.Owner); send(me, :up); receive do :stop -> :ok end end); receive do :up -> :ok end`;
}

function stop(name: string): string {
  return `ref = Process.monitor(${name}.Owner); Process.exit(Process.whereis(${name}.Owner), :shutdown); receive do {:DOWN, ^ref, _, _, _} -> :ok end`;
}

it("has types", () => {
  expectTypeOf<Subscription["next"]>().returns.resolves.toEqualTypeOf<PubSubMessage>();
  expectTypeOf<PubSub["subscribe"]>().returns.toEqualTypeOf<Subscription>();
});
