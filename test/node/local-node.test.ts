/** Nodes of ours among themselves, with no BEAM at all. */

import { createConnection } from "node:net";
import { type Duplex, PassThrough, Readable } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { LimitError } from "../../src/errors.ts";
import {
  type BeamNode,
  connect,
  type LocalNode,
  type LocalNodeOptions,
  NoSuchLinkError,
  RemoteError,
  startNode,
} from "../../src/node/index.ts";
import {
  atom,
  ImproperList,
  inspect,
  type Pid,
  type Term,
  type Tuple,
  tuple,
} from "../../src/term/index.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function start(name: string, options: Partial<LocalNodeOptions> = {}): Promise<LocalNode> {
  const node = await startNode(name, { cookie: "shared", listen: { epmd: false }, ...options });
  open.push(node);
  return node;
}
const at = (node: LocalNode) => ({ address: { host: "127.0.0.1", port: node.port } });
const parts = (term: Term) => (term as Tuple).items;

it("many nodes in one process, each connected with each, share nothing", async () => {
  const nodes: LocalNode[] = [];
  for (const letter of ["a", "b", "c", "d"]) nodes.push(await start(`${letter}@localhost`));
  for (const one of nodes) {
    for (const other of nodes) if (one !== other) await one.connect(other.name, at(other));
  }
  for (const one of nodes) expect(one.nodes.size).toBe(3);
  const boxes = nodes.map((node) => node.mailbox({ name: "box" }));
  const [a, , , d] = nodes as [LocalNode, LocalNode, LocalNode, LocalNode];
  for (const node of nodes) a.send({ name: "box", node: node.name }, atom(node.name));
  for (const [index, box] of boxes.entries()) {
    expect(await box.receive()).toBe(atom((nodes[index] as LocalNode).name));
  }
  boxes[0]?.send(boxes[3]?.pid as Pid, boxes[0].pid);
  expect(inspect((await boxes[3]?.receive()) as Term)).toBe(inspect(boxes[0]?.pid as Pid));
  expect(() => d.send({ name: "box", node: "e@localhost" }, 1)).toThrow(NoSuchLinkError);
});

it("both call at the same time, again and again: one link each time, the same for both", async () => {
  let met = 0;
  const refused = () => {
    met += 1;
  };
  for (let time = 0; time < 25; time++) {
    const one = await start("left@localhost", { refused });
    const other = await start("right@localhost", { refused });
    const [there, back] = await Promise.all([
      one.connect(other.name, at(other)),
      other.connect(one.name, at(one)),
    ]);
    expect([one.nodes.size, other.nodes.size]).toEqual([1, 1]);
    expect(one.nodes.get(other.name)).toBe(there);
    expect(other.nodes.get(one.name)).toBe(back);
    expect(await there.ping()).toBeGreaterThan(0);
    expect(await back.ping()).toBeGreaterThan(0);
    expect(await one.connect(other.name)).toBe(there);
    await one.close();
    await other.close();
  }
  expect(met).toBeGreaterThan(0); // else they never met
});

it("calls, servers and functions work between nodes of ours", async () => {
  const [shop, client] = [await start("shop@localhost"), await start("client@localhost")];
  const link = await client.connect(shop.name, at(shop));
  shop.serve("stock", { call: (request) => tuple(atom("left"), request) });
  expect(await link.genCall("stock", 5)).toEqual(tuple(atom("left"), 5));
  using allowed = shop.allow("stock", "count", 1, ([what]) => [what as Term, 3]);
  void allowed;
  expect(await link.call("stock", "count", [atom("tea")])).toEqual([atom("tea"), 3]);
  expect(await link.call("stock", "count", [1], { via: "rex" })).toEqual([1, 3]);
  await expect(link.call("stock", "count", [], { via: "rex" })).rejects.toThrow(RemoteError);
  const seen: Term[] = [];
  shop.serve("heard", { cast: (message) => void seen.push(message) });
  link.genCast("heard", 1);
  await expect.poll(() => seen).toEqual([1]);
});

it("the usual names answer, whoever asks in whichever way", async () => {
  const [one, other] = [await start("one@localhost"), await start("other@localhost")];
  await one.connect(other.name, at(other));
  await using box = one.mailbox();
  const ask = async (name: string, message: Term) => {
    box.send({ name, node: other.name }, message);
    return parts(await box.receive());
  };
  const alias = box.alias();
  const tag = new ImproperList([atom("alias")], alias);
  const call = (request: Term) => tuple(atom("$gen_call"), tuple(box.pid, tag), request);
  expect(await ask("net_kernel", call(tuple(atom("is_auth"), 1)))).toEqual([tag, atom("yes")]);
  expect((await ask("net_kernel", call(1)))[1]).toEqual(tuple(atom("error"), atom("notsup")));
  expect(inspect((await ask("rex", call(tuple(atom("call"), 1, 2, 3, 4))))[1] as Term)).toContain(
    "notsup",
  );
  expect((await ask("rex", tuple(box.pid, tuple(atom("call")))))[0]).toBe(atom("rex"));
  expect(await ask("rex", tuple(box.pid, atom("features_request")))).toEqual([
    atom("features_reply"),
    atom(other.name),
    [atom("erpc")],
  ]);
  box.send({ name: "global_name_server", node: other.name }, tuple(atom("init_connect"), 1));
  box.send({ name: "logger", node: other.name }, 5);
  expect(await ask("net_kernel", call(tuple(atom("is_auth"), 1)))).toEqual([tag, atom("yes")]);
});

it("a link cannot speak for the processes of another", async () => {
  const shop = await start("shop@localhost");
  const first = await connect(shop.name, { cookie: "shared", ...at(shop) });
  const second = await connect(shop.name, { cookie: "shared", ...at(shop) });
  open.push(first, second);
  await expect.poll(() => shop.nodes.size).toBe(2);
  const back = shop.nodes.get(first.localName) as BeamNode;
  await using own = back.mailbox();
  await using shared = shop.mailbox();
  second.send(own.pid, 1);
  second.send(shared.pid, 2);
  expect(await shared.receive()).toBe(2);
  expect(own.size).toBe(0);
  first.send(own.pid, 3);
  expect(await own.receive()).toBe(3);
});

it("ends with all that belongs to it", async () => {
  const gone: string[] = [];
  const shop = await start("shop@localhost");
  const client = await start("client@localhost", {
    listen: false,
    disconnected: ({ name }) => gone.push(name),
  });
  expect(client.port).toBe(0);
  const link = await client.connect(shop.name, at(shop));
  const box = client.mailbox();
  const waiting = box.receive({ timeout: 0 });
  const dialing = client.connect("nobody@localhost", { address: "127.0.0.1:1" });
  await Promise.all([
    expect(waiting).rejects.toMatchObject({ code: "BEAM_ABORTED" }),
    expect(dialing).rejects.toMatchObject({ name: expect.stringMatching(/Refused|Aborted/) }),
    client.close(),
  ]);
  expect(await link.closed).toBeUndefined();
  expect(gone).toEqual([shop.name]);
  await client.close();
  await expect(client.connect(shop.name, at(shop))).rejects.toMatchObject({ code: "BEAM_ABORTED" });
  expect(() => client.mailbox()).toThrow("aborted");
});

it("a mailbox holds as many bytes as it may, and no more", async () => {
  const [one, other] = [await start("one@localhost"), await start("other@localhost")];
  await one.connect(other.name, at(other));
  await using box = other.mailbox({ maxBytes: 100_000 });
  for (let count = 0; count < 4; count++) one.send(box.pid, new Uint8Array(30_000));
  await expect.poll(() => box.size).toBe(3);
  for (let count = 0; count < 3; count++) {
    expect(((await box.receive()) as Uint8Array).length).toBe(30_000);
  }
  await expect(box.receive()).rejects.toMatchObject({ code: "BEAM_LIMIT" });
});

it("connects by itself to whom a message is for, when it may", async () => {
  const shop = await start("shop@localhost");
  await using box = shop.mailbox({ name: "box" });
  const client = await start("client@localhost", { listen: false, autoConnect: at(shop) });
  await using own = client.mailbox();
  for (let count = 0; count < 5; count++) own.send({ name: "box", node: shop.name }, count);
  own.send(box.pid, 5);
  for (let count = 0; count < 6; count++) expect(await box.receive()).toBe(count);
  expect(client.nodes.size).toBe(1);

  const lost = await start("lost@localhost", {
    listen: false,
    autoConnect: { address: "127.0.0.1:1" },
  });
  for (let count = 0; count < 1_000; count++) lost.send({ name: "box", node: shop.name }, count);
  expect(() => lost.send({ name: "box", node: shop.name }, 0)).toThrow(LimitError);
  await expect
    .poll(() => {
      try {
        lost.send({ name: "box", node: shop.name }, 0);
        return "sent";
      } catch {
        return "full";
      }
    })
    .toBe("sent");
  expect(box.size).toBe(0);
});

it("goes over any stream that leads to the node", async () => {
  const shop = await start("shop@localhost");
  const opened: unknown[] = [];
  const stream = (address: unknown) => {
    opened.push(address);
    return createConnection(shop.port, "127.0.0.1");
  };
  const node = await connect(shop.name, { cookie: "shared", stream });
  expect(opened).toEqual([undefined]);
  await using box = shop.mailbox();
  node.send(box.pid, new Uint8Array(3_000_000));
  expect(((await box.receive()) as Uint8Array).length).toBe(3_000_000);
  await node.close();
  const other = await connect(shop.name, { cookie: "shared", stream, address: "inside:4711" });
  expect(opened[1]).toEqual({ host: "inside", port: 4711 });
  await shop.close();
  expect(await other.closed).toMatchObject({ code: "BEAM_NODE_DOWN" });
  const failing = connect(shop.name, {
    cookie: "shared",
    stream: () => Promise.reject(new Error("no")),
  });
  await expect(failing).rejects.toMatchObject({ code: "BEAM_CONNECT" });
  const readable = connect(shop.name, {
    cookie: "shared",
    stream: () => Readable.from(["text"]) as Duplex,
  });
  await expect(readable).rejects.toMatchObject({ code: "BEAM_USAGE" });
  const texts = connect(shop.name, {
    cookie: "shared",
    stream: () => new PassThrough().setEncoding("utf8"), // gives back what we say
  });
  await expect(texts).rejects.toMatchObject({ code: "BEAM_NODE_DOWN" });
});
