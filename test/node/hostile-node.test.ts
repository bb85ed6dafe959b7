/** Peers of a node of ours that lie, flood, hang up and never read: only their own link suffers, and nothing is uncaught. */

import { once } from "node:events";
import { createServer, connect as dial } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { OFFERED, PUBLISHED } from "../../src/dist/index.ts";
import { type BeamNode, epmdServe, NoSuchLinkError, startNode } from "../../src/node/index.ts";
import { LocalProcess, MAX_PROCESSES, Processes } from "../../src/node/processes.ts";
import {
  atom,
  Float,
  ImproperList,
  inspect,
  Pid,
  Reference,
  type Term,
  TermMap,
  tuple,
} from "../../src/term/index.ts";
import { closeAll, type RawPeer, rawPeer, startOurs } from "./raw-peer.ts";

const uncaught: unknown[] = [];
const catchAll = (error: unknown) => uncaught.push(error);
process.on("unhandledRejection", catchAll);
process.on("uncaughtException", catchAll);
afterEach(async () => {
  await closeAll();
  expect(uncaught.splice(0)).toEqual([]);
});

const EMPTY = atom("");
const at = (node: { port: number }) => ({ address: { host: "127.0.0.1", port: node.port } });
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const ask = (peer: RawPeer, name: string, from: Term, request: Term) =>
  peer.raw(tuple(6, peer.pid, EMPTY, atom(name)), tuple(atom("$gen_call"), from, request));
const spawnErpc = (peer: RawPeer, id: number, fun: string, args: readonly Term[]) =>
  peer.raw(
    tuple(29, peer.ref(id), peer.pid, peer.pid, tuple(atom("erpc"), atom("execute_call"), 4), [
      atom("monitor"),
    ]),
    [1, atom("m"), atom(fun), args],
  );
/** Both zeros as keys: a node of before OTP 27 cannot be sent it. */
const ZEROS = new TermMap([
  [new Float(0), 1],
  [new Float(-0), 2],
]);

describe("names", () => {
  it("of a link that is up are taken over only by who knows the cookie", async () => {
    const gone: string[] = [];
    const ours = await startOurs("ours@localhost", { disconnected: ({ name }) => gone.push(name) });
    const good = await startOurs("good@localhost");
    const link = await good.connect(ours.name, at(ours));
    await expect.poll(() => [...ours.nodes.keys()]).toEqual([good.name]);
    const evil = await rawPeer(ours, good.name, { cookie: "guessed" });
    await expect(evil.ready).rejects.toThrow();
    expect(await link.ping()).toBeGreaterThan(0);
    expect([...ours.nodes.keys()]).toEqual([good.name]);
    expect(gone).toEqual([]);
  });

  it("of one who takes over and hangs up at once are free again", async () => {
    const ours = await startOurs();
    const first = await rawPeer(ours, "peer@localhost");
    await first.ready;
    await expect.poll(() => ours.nodes.size).toBe(1);
    first.pause(); // it does not see that it is closed
    const second = await rawPeer(ours, "peer@localhost");
    await pause(100);
    second.hangUp();
    await expect.poll(() => ours.nodes.size, { timeout: 5_000 }).toBe(0);
    expect(() => ours.send({ name: "x", node: "peer@localhost" }, 1)).toThrow(NoSuchLinkError);
  });

  it("of one who comes and goes are announced both times, or not at all", async () => {
    const told: string[] = [];
    const ours = await startOurs("ours@localhost", {
      connected: () => told.push("connected"),
      disconnected: () => told.push("disconnected"),
    });
    const peer = await rawPeer(ours, "peer@localhost");
    await peer.ready;
    peer.hangUp();
    await expect.poll(() => ours.nodes.size).toBe(0);
    await pause(50);
    expect([[], ["connected", "disconnected"]]).toContainEqual(told);
  });
});

describe("answers that a peer asks for", () => {
  it("reach no process of ours, whichever it names", async () => {
    const ours = await startOurs();
    const bank = await startOurs("bank@localhost");
    bank.serve("bank", { call: () => new Promise(() => {}) });
    ours.allow("m", "echo", 1, ([value]) => value as Term);
    const link = await ours.connect(bank.name, at(bank));
    const balance = link.genCall("bank", atom("balance"), { timeout: 800 });
    const waiting = expect(balance).rejects.toMatchObject({ code: "BEAM_TIMEOUT" });
    await using box = link.mailbox();
    const evil = await rawPeer(ours, "evil@localhost");
    await evil.ready;
    const call = (value: Term) =>
      tuple(atom("call"), atom("m"), atom("echo"), [value], atom("user"));
    for (let index = 1; index < 30; index++) {
      for (let generation = 0; generation < 4; generation++) {
        const ref = new Reference(atom(ours.name), ours.creation, [index, generation, 0]);
        const alias = new ImproperList([atom("alias")], ref);
        const pid = new Pid(atom(ours.name), index, generation << 3, ours.creation);
        ask(evil, "net_kernel", tuple(evil.pid, alias), tuple(atom("is_auth"), 1));
        ask(evil, "rex", tuple(evil.pid, alias), call(atom("stolen")));
        ask(evil, "rex", tuple(pid, generation), call(atom("stolen")));
      }
    }
    await waiting;
    expect(box.size).toBe(0);
  });

  it("are sent to no node that drops the link for them", async () => {
    const ours = await startOurs();
    const { high, low } = OFFERED;
    const old = await rawPeer(ours, "old@localhost", { flags: { high: high & ~0x28, low } });
    await old.ready;
    const evil = await rawPeer(ours, "evil@localhost");
    await evil.ready;
    await expect.poll(() => ours.nodes.size).toBe(2);
    const alias = new ImproperList([atom("alias")], old.ref(1));
    ask(evil, "net_kernel", tuple(evil.pid, alias), tuple(atom("is_auth"), 1));
    ask(evil, "net_kernel", tuple(evil.pid, 7), tuple(atom("is_auth"), 1));
    await expect
      .poll(() => evil.heard.some(({ message }) => inspect(message as Term) === "{7, :yes}"))
      .toBe(true);
    expect(old.heard.filter(({ control }) => control.type === "alias_send")).toEqual([]);
    const box = ours.mailbox();
    expect(() => box.send(old.ref(1), 1)).toThrow("alias");
    expect(() => box.send(old.pid, 1, { token: atom("x") })).toThrow("trace token");
  });

  it("make no connections", async () => {
    let dials = 0;
    const server = createServer((socket) => {
      dials += 1;
      socket.destroy();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const ours = await startOurs("ours@localhost", {
      autoConnect: { address: { host: "127.0.0.1", port } },
    });
    const evil = await rawPeer(ours, "evil@localhost");
    await evil.ready;
    for (let id = 0; id < 500; id++) {
      const victim = new Pid(atom(`victim${id}@localhost`), 1, 0, 1);
      ask(evil, "net_kernel", tuple(victim, 1), tuple(atom("is_auth"), 1));
    }
    ask(evil, "net_kernel", tuple(evil.pid, 7), tuple(atom("is_auth"), 1));
    await expect
      .poll(() => evil.heard.some(({ message }) => inspect(message as Term) === "{7, :yes}"))
      .toBe(true);
    expect(dials).toBe(0);
    server.close();
  });

  it("that are large wait until it reads, and all come then", async () => {
    const ours = await startOurs("ours@localhost", { limits: { maxQueued: 4_000_000 } });
    ours.allow("m", "blob", 0, async () => {
      await pause(50);
      return new Uint8Array(1_000_000);
    });
    ours.allow("m", "echo", 1, async ([value]) => {
      await pause(60);
      return value as Term;
    });
    const flags = { high: OFFERED.high & ~0x20, low: OFFERED.low };
    const peer = await rawPeer(ours, "peer@localhost", { flags });
    await peer.ready;
    await expect.poll(() => ours.nodes.size).toBe(1);
    peer.pause();
    for (let id = 0; id < 20; id++) spawnErpc(peer, id, "blob", []);
    // What cannot be sent to it, it hears of in another way.
    for (let id = 20; id < 24; id++) spawnErpc(peer, id, "echo", [ZEROS]);
    await pause(600);
    peer.resume();
    const downs = () => peer.heard.filter(({ control }) => control.type === "payload_monitor_exit");
    await expect.poll(() => downs().length, { timeout: 10_000 }).toBe(24);
    expect(downs().filter(({ message }) => message === atom("badarg"))).toHaveLength(4);
  });

  it("of functions that throw odd things are errors there", async () => {
    const ours = await startOurs();
    const client = await startOurs("client@localhost");
    const link = await client.connect(ours.name, at(ours));
    ours.allow("m", "odd", 0, () => {
      throw Object.create(null);
    });
    const odd = { kind: "error" } as const;
    await expect(link.call("m", "odd", [])).rejects.toMatchObject(odd);
    await expect(link.call("m", "odd", [], { via: "rex" })).rejects.toMatchObject({
      code: "BEAM_REMOTE",
    });
    ours.serve("odd", {
      call: () => {
        throw Object.create(null);
      },
    });
    await expect(link.genCall("odd", 1)).rejects.toMatchObject({ kind: "exit" });
  });
});

describe("what a peer makes us hold", () => {
  it("exit signals count as the bytes that they came in", async () => {
    const ours = await startOurs();
    const box = ours.mailbox({ maxBytes: 1_000_000 });
    const failures: unknown[] = [];
    const server = ours.serve(
      "server",
      { info: () => new Promise(() => {}), failed: (error) => failures.push(error) },
      { maxBytes: 1_000_000 },
    );
    const evil = await rawPeer(ours, "evil@localhost");
    await evil.ready;
    for (let count = 0; count < 5; count++) {
      evil.raw(tuple(8, evil.pid, box.pid, new Uint8Array(400_000)));
      evil.raw(tuple(26, evil.pid, server.pid), new Uint8Array(400_000));
    }
    await expect.poll(() => failures.length).toBe(1);
    expect(failures[0]).toMatchObject({ code: "BEAM_LIMIT" });
    expect(box.size).toBe(2);
    await box.receive();
    await box.receive();
    await expect(box.receive()).rejects.toMatchObject({ code: "BEAM_LIMIT" });
  });

  it("new atoms without end cost it the link", async () => {
    const ours = await startOurs("ours@localhost", { limits: { maxNewAtoms: 1_000 } });
    const evil = await rawPeer(ours, "evil@localhost");
    await evil.ready;
    await expect.poll(() => ours.nodes.size).toBe(1);
    const node = ours.nodes.get("evil@localhost") as BeamNode;
    for (let id = 0; id < 1_200; id++) {
      evil.rawAtom(`never_${id}`);
    }
    expect(await node.closed).toMatchObject({ message: expect.stringContaining("atoms") });
  });

  it("calls that run for it are counted until they have ended, and none of another's", async () => {
    const ours = await startOurs();
    const client = await startOurs("client@localhost");
    const link = await client.connect(ours.name, at(ours));
    let running = 0;
    const aborted: number[] = [];
    ours.allow("m", "slow", 0, (_args, { signal }) => {
      running += 1;
      signal.addEventListener("abort", () => aborted.push(1));
      return new Promise<Term>(() => {});
    });
    ours.allow("m", "quick", 0, () => 1);
    const evil = await rawPeer(ours, "evil@localhost", {
      listen: ({ control }, peer) => {
        if (control.type !== "spawn_reply" || !(control.result instanceof Pid)) return;
        peer.raw(tuple(8, peer.pid, control.result, atom("kill")));
      },
    });
    await evil.ready;
    const cast = tuple(atom("cast"), atom("m"), atom("slow"), [], evil.pid);
    for (let count = 0; count < 4_200; count++) {
      evil.raw(tuple(6, evil.pid, EMPTY, atom("rex")), tuple(atom("$gen_cast"), cast));
    }
    await expect.poll(() => running, { timeout: 10_000 }).toBe(4_096);
    expect(await link.call("m", "quick", [], { via: "rex" })).toBe(1);
    running = 0;
    for (let id = 0; id < 5_000; id++) spawnErpc(evil, id, "slow", []);
    await expect
      .poll(() => evil.heard.filter(({ control }) => control.type === "spawn_reply").length, {
        timeout: 10_000,
      })
      .toBe(5_000);
    expect(running).toBe(4_096);
    evil.hangUp();
    await expect.poll(() => aborted.length, { timeout: 10_000 }).toBe(2 * 4_096);
  }, 30_000);

  it("a full table of processes is as good as before when they have ended", () => {
    class Dummy extends LocalProcess {
      override lost(): void {}
    }
    const table = new Processes("ours@localhost", 5, false);
    const all = Array.from({ length: MAX_PROCESSES }, () => new Dummy());
    for (const one of all) table.enter(one);
    expect(table.full).toBe(true);
    for (let count = 0; count < 2_000; count++) expect(() => table.enter(new Dummy())).toThrow();
    for (const one of all.slice(0, 2_000)) table.leave(one);
    for (let count = 0; count < 2_000; count++) table.enter(new Dummy());
    expect([table.size, table.full]).toEqual([MAX_PROCESSES, true]);
  });
});

it("nodes that a peer tells a visible one of are called a few at a time", async () => {
  await using epmd = await epmdServe({ port: 0 });
  const ours = await startOurs("ours@localhost", {
    visible: true,
    listen: { epmd: { host: "127.0.0.1", port: epmd.port } },
  });
  const evil = await rawPeer(ours, "evil@localhost", { flags: PUBLISHED });
  await evil.ready;
  const names = Array.from({ length: 20_000 }, (_, id) => atom(`told_${id}@localhost`));
  const told = tuple(atom("new_nodes"), evil.pid.node, [], [], names, []);
  evil.raw(tuple(6, evil.pid, EMPTY, atom("global_name_server")), tuple(atom("$gen_cast"), told));
  ask(evil, "net_kernel", tuple(evil.pid, 7), tuple(atom("is_auth"), 1));
  await expect
    .poll(() => evil.heard.some(({ message }) => inspect(message as Term) === "{7, :yes}"))
    .toBe(true);
  const sockets = process.getActiveResourcesInfo().filter((one) => one === "TCPSocketWrap");
  expect(sockets.length).toBeLessThan(100);
});

describe("waiting", () => {
  it("for one attempt each has his own patience", async () => {
    const silent = createServer(() => {}).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as { port: number };
    const ours = await startOurs();
    const address = { host: "127.0.0.1", port };
    const aborter = new AbortController();
    const first = ours.connect("silent@localhost", { address, signal: aborter.signal });
    const second = ours.connect("silent@localhost", { address, timeout: 400 });
    const third = ours.connect("silent@localhost", { address, signal: AbortSignal.timeout(50) });
    aborter.abort();
    await expect(first).rejects.toMatchObject({ code: "BEAM_ABORTED" });
    await expect(third).rejects.toMatchObject({ code: "BEAM_ABORTED" });
    await expect(second).rejects.toMatchObject({ code: "BEAM_TIMEOUT" });
    silent.close();
  });

  it("a node that closes is not handed out, and the next link is another", async () => {
    const ours = await startOurs();
    const shop = await startOurs("shop@localhost");
    const link = await ours.connect(shop.name, at(shop));
    const closing = link.close();
    const next = await ours.connect(shop.name, at(shop));
    await closing;
    expect(next).not.toBe(link);
    expect(await next.ping()).toBeGreaterThan(0);
  });

  it("closing does not wait for callers that say nothing, nor does a start that fails", async () => {
    const ours = await startOurs();
    const silent = dial(ours.port, "127.0.0.1");
    silent.on("error", () => {});
    await once(silent, "connect");
    const closed = once(silent, "close");
    await ours.close();
    await closed;

    const epmd = createServer((socket) => {
      socket.on("error", () => {}).on("data", () => setTimeout(() => socket.destroy(), 100));
    }).listen(0, "127.0.0.1");
    await once(epmd, "listening");
    const free = createServer().listen(0, "127.0.0.1");
    await once(free, "listening");
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    const starting = startNode("other@localhost", {
      cookie: "shared",
      listen: {
        port,
        epmd: { host: "127.0.0.1", port: (epmd.address() as { port: number }).port },
      },
    });
    const refused = expect(starting).rejects.toThrow();
    const early = dial(port, "127.0.0.1").on("error", () => {});
    await refused;
    early.destroy();
    epmd.close();
  });

  it("a full link holds up nobody but itself", async () => {
    const ours = await startOurs("ours@localhost", { limits: { maxQueued: 1_000_000 } });
    const client = await startOurs("client@localhost");
    const link = await client.connect(ours.name, at(ours));
    const stuck = await rawPeer(ours, "stuck@localhost");
    await stuck.ready;
    await expect.poll(() => ours.nodes.size).toBe(2);
    const box = ours.mailbox({ name: "box" });
    stuck.raw(tuple(19, stuck.pid, box.pid, stuck.ref(1)));
    const down = link.monitor("box").down;
    await link.ping();
    stuck.pause();
    const far = ours.nodes.get("stuck@localhost") as BeamNode;
    expect(() => {
      for (;;) far.send(stuck.pid, new Uint8Array(500_000));
    }).toThrow();
    box.close(atom("over"));
    expect(await down).toBe(atom("over"));
    ours.mailbox({ name: "box" });
  });

  it("who ends is heard of behind what it has sent, also by its name", async () => {
    const ours = await startOurs();
    const peer = await rawPeer(ours, "peer@localhost");
    await peer.ready;
    const box = ours.mailbox({ name: "box" });
    peer.raw(tuple(19, peer.pid, atom("box"), peer.ref(1)));
    peer.raw(tuple(6, peer.pid, EMPTY, atom("box")), 1);
    await box.receive();
    box.send(peer.pid, new Uint8Array(1_000_000));
    box.close();
    await expect.poll(() => peer.heard.length).toBeGreaterThan(2);
    const types = peer.heard
      .map(({ control }) => control.type)
      .filter((type) => type !== "reg_send");
    expect(types.slice(-2)).toEqual(["send_sender", "payload_monitor_exit"]);
  });

  it("a process of one link has no business with another node", async () => {
    const ours = await startOurs();
    const [one, other] = [await startOurs("one@localhost"), await startOurs("other@localhost")];
    const link = await ours.connect(one.name, at(one));
    const far = await ours.connect(other.name, at(other));
    const there = other.mailbox();
    await using box = link.mailbox();
    expect(() => box.link(there.pid)).toThrow(NoSuchLinkError);
    expect(() => box.send(there.pid, 1)).toThrow(NoSuchLinkError);
    const shared = ours.mailbox();
    shared.link(there.pid);
    await far.ping(); // it has arrived
    there.close(atom("bye"));
    expect(await shared.receive()).toEqual(tuple(atom("EXIT"), there.pid, atom("bye")));
  });
});
