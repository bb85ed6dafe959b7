/** A peer that breaks every habit of a BEAM: nothing is uncaught, nobody waits for ever, and only its own link suffers. */

import { afterEach, describe, expect, it } from "vitest";
import { type Control, ProtocolError, Session } from "../../src/dist/index.ts";
import { TermWriter } from "../../src/etf/index.ts";
import { BeamNode } from "../../src/node/beam-node.ts";
import { greet } from "../../src/node/greet.ts";
import type { Link } from "../../src/node/link.ts";
import {
  atom,
  binary,
  charlist,
  Float,
  inspect,
  Pid,
  Reference,
  type Term,
  tuple,
} from "../../src/term/index.ts";
import { memoryPair } from "../../src/transport/index.ts";

const PEER = atom("right@host");
const theirs = new Pid(PEER, 8, 0, 99);
const leader = new Pid(PEER, 5, 0, 99);
const foreign = new Pid(atom("third@host"), 1, 0, 1);
const ref = (id: number) => new Reference(PEER, 99, [2, id, 3]);
const EMPTY = atom("");

interface Peer {
  readonly node: BeamNode;
  readonly link: Link;
  /** What our side sent, and the peer understood. */
  readonly heard: Control[];
  /** Writes any control term, with any message, unchecked. */
  raw(control: Term, message?: Term): void;
  /** Writes many frames at once. */
  flood(frames: readonly Buffer[]): void;
}

const uncaught: unknown[] = [];
const catchAll = (error: unknown) => uncaught.push(error);
process.on("unhandledRejection", catchAll);
process.on("uncaughtException", catchAll);
afterEach(() => {
  expect(uncaught.splice(0)).toEqual([]);
});

function frameOf(control: Term, message?: Term): Buffer {
  const writer = new TermWriter();
  writer.write(control);
  if (message !== undefined) writer.write(message);
  const body = Buffer.concat(writer.parts());
  const head = Buffer.alloc(7);
  head.writeUInt32BE(3 + body.length);
  head.set([131, 68, 0], 4);
  return Buffer.concat([head, body]);
}

/** A link to a session that answers as `answer` says. */
async function pair(
  answer: (control: Control, raw: Peer["raw"]) => void = () => {},
): Promise<Peer> {
  const [left, right] = memoryPair();
  const heard: Control[] = [];
  const raw = (control: Term, message?: Term) => right.write([frameOf(control, message)]);
  const session = new Session(
    { role: "acceptor", name: PEER.name, creation: 99, cookie: "c", challenge: 5 },
    {
      up: () => {},
      down: () => {},
      message: (control) => {
        heard.push(control);
        answer(control, raw);
      },
    },
  );
  right.start({
    data: (chunk) => {
      session.receive(chunk, performance.now());
      right.write(session.takeOutput(performance.now()));
    },
    drain: () => {},
    closed: () => {},
  });
  session.start(0);
  const link = await greet(left, {
    session: {
      role: "initiator",
      name: "left@host",
      creation: 77,
      cookie: "c",
      challenge: 6,
      expectedName: PEER.name,
    },
    timeout: 3000,
    maxPending: 100,
  });
  const flood = (frames: readonly Buffer[]) => right.write([Buffer.concat(frames)]);
  return { node: new BeamNode(link), link, heard, raw, flood };
}

const caught = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("what comes from another node than the peer ends the link, and every wait with it", () => {
  const cases: [
    string,
    (raw: Peer["raw"], control: Control & { type: "spawn_request" }) => void,
  ][] = [
    [
      "a process started elsewhere",
      (raw, { ref: asked, from }) => raw(tuple(31, asked, from, 2, foreign)),
    ],
    ["a monitor by somebody else", (raw, { from }) => raw(tuple(19, foreign, from, ref(1)))],
    ["a link by somebody else", (raw, { from }) => raw(tuple(1, foreign, from))],
    ["an exit of somebody else", (raw, { from }) => raw(tuple(24, foreign, from), atom("kill"))],
  ];
  it.each(cases)("%s", async (_name, misbehave) => {
    const { node, link } = await pair((control, raw) => {
      if (control.type === "spawn_request") misbehave(raw, control);
    });
    const error = await caught(node.call("a", "b", [], { timeout: 5_000, groupLeader: leader }));
    expect(error).toMatchObject({ code: "BEAM_NODE_DOWN", cause: expect.any(ProtocolError) });
    expect([link.credit.inFlight, link.home.processes.size]).toEqual([0, 0]);
  });
});

it("a call that is answered by silence ends by its deadline, and what it held is free", async () => {
  const { node, link } = await pair();
  const before = link.home.processes.size;
  const error = await caught(node.call("a", "b", [], { timeout: 30, via: "rex" }));
  expect(error).toMatchObject({ code: "BEAM_TIMEOUT" });
  expect([link.credit.inFlight, link.home.processes.size]).toEqual([0, before]);
});

it("a refused start keeps no group leader", async () => {
  const { node, link } = await pair((control, raw) => {
    if (control.type === "spawn_request") {
      raw(tuple(31, control.ref, control.from, 0, atom("system_limit")));
    }
  });
  const before = link.home.processes.size;
  for (let time = 0; time < 5; time++) {
    const error = await caught(node.spawn("a", "b", [], { groupLeader: "self" }));
    expect(error).toMatchObject({ message: expect.stringContaining("system_limit") });
  }
  expect(link.home.processes.size).toBe(before);
});

it("who knew us from an earlier link is told that nobody is there", async () => {
  const { heard, raw, node } = await pair();
  const stale = new Pid(atom("left@host"), 1, 0, 76);
  raw(tuple(19, theirs, stale, ref(1)));
  raw(tuple(1, theirs, stale));
  await turn();
  expect(heard.map(({ type }) => type)).toEqual(["payload_monitor_exit", "payload_exit"]);
  node.send("somebody", 1);
});

it("names are asked on behalf of somebody else: no answer, and the link goes on", async () => {
  const { heard, raw, link } = await pair();
  raw(tuple(6, theirs, EMPTY, atom("rex")), tuple(atom("$gen_call"), tuple(foreign, 1), atom("x")));
  raw(
    tuple(6, theirs, EMPTY, atom("net_kernel")),
    tuple(atom("$gen_call"), tuple(theirs, 1), atom("x")),
  );
  await turn();
  expect(heard.map(({ type }) => type)).toEqual(["send_sender"]);
  expect(link.down).toBeUndefined();
});

it("monitors without end are refused from some point on", async () => {
  const { heard, flood, node } = await pair();
  await using mailbox = node.mailbox();
  const frames = Array.from({ length: 262_200 }, (_, id) =>
    frameOf(tuple(19, theirs, mailbox.pid, ref(id))),
  );
  flood(frames);
  await expect.poll(() => heard.length, { timeout: 20_000 }).toBe(57);
  expect(heard[0]).toMatchObject({ type: "payload_monitor_exit" });
});

describe("a group leader", () => {
  const put = (from: Pid, replyAs: Term, text: string) =>
    tuple(
      atom("io_request"),
      from,
      replyAs,
      tuple(atom("put_chars"), atom("unicode"), binary(text)),
    );

  it("hears who is of another node, and says nothing", async () => {
    const { heard, raw, node, link } = await pair();
    const output = node.groupLeader();
    raw(tuple(22, theirs, output.pid), put(foreign, 1, "secret"));
    raw(tuple(22, theirs, output.pid), put(theirs, 1, "text"));
    await turn();
    expect(output.output()).toBe("text");
    expect(heard).toHaveLength(1);
    expect(link.down).toBeUndefined();
  });

  it("keeps the end of what is printed, at no cost for each piece", async () => {
    const { flood, node } = await pair();
    const pieces: string[] = [];
    const some = node.groupLeader({ limit: 10, onText: (text) => pieces.push(text) });
    const none = node.groupLeader({ limit: 0 });
    const frames: Buffer[] = [];
    for (let at = 0; at < 30_000; at++) {
      frames.push(frameOf(tuple(22, theirs, some.pid), put(theirs, at, `${at} `)));
      frames.push(frameOf(tuple(22, theirs, none.pid), put(theirs, at, "x")));
    }
    flood(frames);
    await expect.poll(() => pieces.length, { timeout: 20_000 }).toBe(30_000);
    expect(some.output()).toBe("998 29999 ");
    expect(none.output()).toBe("");
  });

  it("formats itself what the node does not, and refuses what does not fit", async () => {
    const { heard, raw, node } = await pair((control, answer) => {
      if (control.type !== "reg_send" || control.to.name !== "rex") return;
      const refused = tuple(atom("badrpc"), tuple(atom("EXIT"), atom("notsup")));
      answer(tuple(22, theirs, control.from), tuple(control.from.serial, refused));
    });
    const output = node.groupLeader();
    const print = (format: string, args: Term) =>
      tuple(atom("put_chars"), atom("unicode"), atom("io_lib"), atom("format"), [
        charlist(format),
        args,
      ]);
    const ask = (request: Term) =>
      raw(tuple(22, theirs, output.pid), tuple(atom("io_request"), theirs, 1, request));
    ask(print("~p costs ~.2f~n", [tuple(atom("tea"), 1), new Float(2.5)]));
    ask(print("~p", []));
    await expect.poll(() => heard.filter(({ type }) => type === "send_sender").length).toBe(2);
    expect(output.output()).toBe("{tea,1} costs 2.50\n");
  });

  it("serves in order, also what the node has to format first", async () => {
    const { raw, node } = await pair((control, answer) => {
      if (control.type !== "reg_send" || control.to.name !== "rex") return;
      const reply = tuple(control.from.serial, binary("formatted"));
      setTimeout(() => answer(tuple(22, theirs, control.from), reply), 20);
    });
    const output = node.groupLeader();
    const format = tuple(atom("put_chars"), atom("unicode"), atom("io_lib"), atom("format"), [
      [1],
      [],
    ]);
    raw(tuple(22, theirs, output.pid), tuple(atom("io_request"), theirs, 1, format));
    raw(tuple(22, theirs, output.pid), put(theirs, 2, " then this"));
    await expect.poll(() => output.output()).toBe("formatted then this");
  });
});

it("a reason is kept whole, whatever the socket's buffer holds later", async () => {
  const { raw, node } = await pair();
  await using mailbox = node.mailbox();
  const reason = binary("x".repeat(5_000));
  raw(tuple(8, theirs, mailbox.pid, reason));
  raw(tuple(22, theirs, mailbox.pid), binary("e".repeat(60_000)));
  await turn();
  const exit = await mailbox.receive();
  expect(inspect(exit)).toContain("xxxxxxxxxx");
  expect(inspect(exit)).not.toContain("e".repeat(10));
});
