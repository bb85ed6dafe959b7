import { describe, expect, test } from "vitest";
import { decodeControl } from "../../src/dist/control-decode.ts";
import {
  type Control,
  type FlagName,
  type Flags,
  flags,
  InvalidControlError,
  NodeDownError,
  OFFERED,
  PASS_THROUGH,
  ProtocolError,
} from "../../src/dist/index.ts";
import { Outbox } from "../../src/dist/outbox.ts";
import { EncodeError } from "../../src/etf/index.ts";
import { atom, binary, Pid, Reference, type Term, tuple } from "../../src/term/index.ts";
import { connected, pump } from "./pair.ts";

describe("ticks, by the clock that is handed in", () => {
  test("an idle link stays up for a day, at a few bytes a minute", () => {
    const { left, right } = connected();
    let bytes = 0;
    const count = (chunk: Buffer) => {
      bytes += chunk.length;
      return [chunk];
    };
    for (let now = 1000; now <= 24 * 3_600_000; now += 1000) {
      left.session.tick(now);
      right.session.tick(now);
      pump(left, right, count, now);
    }
    expect([left.down, right.down]).toEqual([undefined, undefined]);
    expect(bytes).toBeLessThan(24 * 60 * 64);
  });

  test("a link stays up for a day with a node that ticks only as OTP does", () => {
    const { left } = connected();
    let written = 0;
    for (let now = 1000; now <= 24 * 3_600_000; now += 1000) {
      left.session.tick(now);
      if (left.output(now).length > 0) written = now;
      // A node of a net_ticktime of 60 s: a tick every 15 s, and we are down for it after 75 s of silence.
      if (now % 15_000 === 0) left.session.receive(new Uint8Array(4), now);
      if (left.output(now).length > 0) written = now;
      expect(now - written).toBeLessThan(60_000);
    }
    expect(left.down).toBeUndefined();
  });

  test("two of ours do not answer each other's ticks for ever", () => {
    const { left, right } = connected();
    left.session.tick(20_000);
    let frames = 0;
    pump(
      left,
      right,
      (bytes) => {
        if (bytes.length > 0) frames++;
        return [bytes];
      },
      20_000,
    );
    expect(frames).toBeLessThan(4);
  });

  test("each tick of a node with a short tick time is answered", () => {
    const { left, right } = connected();
    for (let now = 1_000; now <= 10_000; now += 1_000) {
      left.session.receive(new Uint8Array(4), now);
      expect(left.output(now)).toEqual(Buffer.alloc(4));
    }
    expect([left.down, right.down]).toEqual([undefined, undefined]);
  });

  test("a silent node is down after the tick time", () => {
    const { left } = connected();
    left.session.tick(59_999);
    expect(left.down).toBeUndefined();
    left.session.tick(60_000);
    expect(left.down).toBeInstanceOf(NodeDownError);
  });
});

describe("every control message arrives as it was sent", () => {
  const without = (...names: FlagName[]): Flags => {
    const less = flags(names);
    const { high, low } = OFFERED;
    return { high: (high & ~less.high) >>> 0, low: (low & ~less.low) >>> 0 };
  };
  const token = tuple(1, 17, 3, atom("x"), 2);
  const messages = ({ left }: ReturnType<typeof connected>): [Control, Term?][] => {
    const [from, to] = [left.pid(1), left.theirs(2)];
    const own = left.reference(1, 2, 3);
    const alias = new Reference(to.node, to.creation, [1, 2, 3]);
    const spawn = { ref: own, from, groupLeader: from, module: atom("m"), function: atom("f") };
    const plain: [Control, Term?][] = [
      [{ type: "link", from, to }],
      [{ type: "unlink_ack", id: 2n ** 64n - 1n, from, to }],
      [{ type: "send", to }, 1],
      [{ type: "send_sender", from, to }, 1],
      [{ type: "reg_send", from, to: atom("rex") }, 1],
      [{ type: "alias_send", from, to: alias }, 1],
      [{ type: "group_leader", leader: from, to }],
      [{ type: "exit", from, to, reason: atom("why") }],
      [{ type: "exit2", from, to, reason: atom("why") }],
      [{ type: "payload_exit", from, to }, atom("why")],
      [{ type: "payload_exit2", from, to }, atom("why")],
      [{ type: "monitor", from, target: to, ref: own }],
      [{ type: "monitor", from, target: atom("rex"), ref: own }],
      [{ type: "demonitor", from, target: to, ref: own }],
      [{ type: "monitor_exit", from, to, ref: alias, reason: atom("why") }],
      [{ type: "payload_monitor_exit", from: atom("rex"), to, ref: alias }, atom("why")],
      [{ type: "spawn_request", ...spawn, arity: 1, options: [atom("monitor")] }, [5]],
      [{ type: "spawn_reply", ref: alias, to, flags: 2, result: from }],
    ];
    const traced = plain
      .filter(([{ type }]) => /send|exit|spawn/.test(type) && !type.includes("monitor"))
      .map(([control, ...message]): [Control, Term?] => [
        { ...control, token } as Control,
        ...message,
      ]);
    return [...plain, ...traced];
  };
  const arrive = (
    { left, right }: ReturnType<typeof connected>,
    sent: readonly [Control, Term?][],
  ) => {
    for (const [control, message] of sent) left.session.send(control, message);
    pump(left, right);
    expect([left.down, right.down]).toEqual([undefined, undefined]);
    expect(right.messages).toHaveLength(sent.length);
    return right.messages;
  };

  test.each<[string, FlagName[]]>([
    ["with all that we offer", []],
    ["without ALTACT_SIG", ["ALTACT_SIG"]],
    ["without headers and fragments", ["DIST_HDR_ATOM_CACHE", "FRAGMENTS"]],
  ])("%s", (_name, less) => {
    const both = connected({ right: { flags: without(...less) } });
    const sent = messages(both);
    const got = arrive(both, sent);
    for (const [index, [control, message]] of sent.entries()) {
      expect(got[index]?.control, control.type).toMatchObject(control);
      expect(got[index]?.message).toEqual(message);
    }
  });

  test("an unlink has an id, or has none for nodes without UNLINK_ID", () => {
    const both = connected();
    const unlink = { type: "unlink", from: both.left.pid(1), to: both.left.theirs(2) } as const;
    arrive(both, [[{ ...unlink, id: 7 }]]);
    expect(() => both.left.session.send({ ...unlink, id: undefined })).toThrow(InvalidControlError);
    const less = without("UNLINK_ID", "MANDATORY_25_DIGEST");
    const old = connected({ left: { flags: less }, right: { flags: less } });
    arrive(old, [[{ ...unlink, id: undefined }]]);
    expect(() => old.left.session.send({ ...unlink, id: 7 })).toThrow(InvalidControlError);
  });

  test("priority goes to aliases and with exit signals, where both sides have ALTACT_SIG", () => {
    const both = connected();
    const [from, to] = [both.left.pid(1), both.left.theirs(2)];
    const alias = new Reference(to.node, to.creation, [1, 2, 3]);
    const urgent: [Control, Term][] = [
      [{ type: "alias_send", from, to: alias, priority: true }, 1],
      [{ type: "alias_send", from, to: alias, priority: true, token }, 1],
      [{ type: "payload_exit2", from, to, priority: true }, atom("why")],
    ];
    const got = arrive(both, urgent);
    for (const [index, [control]] of urgent.entries()) {
      expect(got[index]?.control).toMatchObject(control);
    }
    const plain = connected({ right: { flags: without("ALTACT_SIG") } });
    for (const [control, message] of urgent) {
      expect(() => plain.left.session.send(control, message)).toThrow(/priority/);
    }
    expect(() => both.left.session.send({ type: "send", to, priority: true }, 1)).toThrow(
      InvalidControlError,
    );
  });
});

describe("an ALTACT_SIG_SEND that OTP may send", () => {
  const read = (...items: Term[]) => decodeControl(tuple(37, ...items), theirs.node);
  const theirs = new Pid(atom("left@host"), 1, 0, 77);
  const own = new Pid(atom("right@host"), 1, 0, 77);
  const ref = new Reference(own.node, 77, [1, 2, 3]);
  test.each<[string, Term[], object]>([
    ["a message", [0, theirs, own], { type: "send_sender", to: own, priority: false }],
    ["one with a token", [2, theirs, own, 5], { type: "send_sender", token: 5 }],
    ["to a name", [8, theirs, atom("x")], { type: "reg_send", to: atom("x") }],
    ["to an alias, urgent", [5, theirs, ref], { type: "alias_send", to: ref, priority: true }],
    ["an exit", [17, theirs, own], { type: "payload_exit2", to: own, priority: true }],
    [
      "more than is known now",
      [2n ** 70n + 4n, theirs, ref, 1, 2],
      { type: "alias_send", to: ref },
    ],
  ])("%s", (_name, items, wanted) => {
    expect(read(...items)).toMatchObject(wanted);
  });

  test("without its flags or its target is a broken protocol", () => {
    expect(() => read(atom("x"), theirs, own)).toThrow(ProtocolError);
    expect(() => read(2, theirs, own)).toThrow(ProtocolError);
    expect(() => read(4, theirs, own)).toThrow(ProtocolError);
    expect(() => read(0, own, own)).toThrow(ProtocolError);
  });
});

describe("nothing malformed is written", () => {
  const { left, right } = connected();
  const from = left.pid(1);
  const to = left.theirs(2);
  const foreign = new Pid(atom("third@host"), 1, 0, 1);
  const stale = new Pid(from.node, 1, 0, from.creation + 1);
  const foreignRef = new Reference(atom("third@host"), 1, [1]);
  const ref = left.reference(1);
  const spawn = { type: "spawn_request", ref, from, groupLeader: from } as const;
  const mfa = { module: atom("m"), function: atom("f"), options: [] };

  test.each<[string, Control, Term?]>([
    ["a sender of another node", { type: "send_sender", from: foreign, to }, 1],
    ["a sender of an earlier life", { type: "send_sender", from: stale, to }, 1],
    ["a receiver of a third node", { type: "send", to: foreign }, 1],
    ["an unlink without an id", { type: "unlink", id: 0, from, to }],
    ["an unlink id that is too large", { type: "unlink", id: 2n ** 64n, from, to }],
    [
      "a monitor with a reference of another node",
      { type: "monitor", from, target: to, ref: foreignRef },
    ],
    ["arguments that do not fit", { ...spawn, ...mfa, arity: 2 }, [1]],
    ["arguments that are no list", { ...spawn, ...mfa, arity: 1 }, atom("x")],
    ["an alias of another node", { type: "alias_send", from, to: foreignRef }, 1],
  ])("%s", (_name, control, message) => {
    expect(() => left.session.send(control, message)).toThrow(InvalidControlError);
    expect(left.session.pendingBytes).toBe(0);
    expect(left.session.state).toBe("up");
  });

  test("a message that is no term", () => {
    const bad = [1, { no: "term" }] as never;
    expect(() => left.session.send({ type: "send", to }, bad)).toThrow(EncodeError);
    expect(left.session.pendingBytes).toBe(0);
  });

  test("and the link goes on", () => {
    left.session.send({ type: "send", to }, atom("fine"));
    pump(left, right);
    expect(right.messages.at(-1)?.message).toBe(atom("fine"));
  });
});

test("a frame over the limit ends the link with its size", () => {
  const { left, right } = connected({ right: { limits: { maxFrame: 1000 } } });
  left.session.send({ type: "send", to: left.theirs(1) }, new Uint8Array(2000));
  pump(left, right);
  expect(right.down?.message).toMatch(/a frame of 20\d\d bytes, over the limit of 1000/);
});

test("without headers messages pass through as they did of old, both ways", () => {
  const { left, right } = connected({ left: { flags: PASS_THROUGH } });
  left.session.send({ type: "send", to: left.theirs(5) }, atom("x"));
  const written = left.output();
  expect([written[4], written[5]]).toEqual([112, 131]);
  right.session.receive(written, 0);
  expect(right.messages.at(-1)?.message).toBe(atom("x"));
  right.session.send({ type: "link", from: right.pid(1), to: right.theirs(5) });
  left.session.receive(right.output(), 0);
  expect(left.messages.at(-1)?.control.type).toBe("link");
});

describe("the outbox", () => {
  test("says that bytes wait until the very last is taken", () => {
    for (let size = 65_530; size < 65_560; size += 3) {
      for (const more of [0, 1, 65_536 * 3 - 20]) {
        const outbox = new Outbox(true, true);
        outbox.add("a", { control, parts: [new Uint8Array(size + more)], atoms: [] });
        outbox.add("a", { control, parts: [new Uint8Array(10)], atoms: [] });
        outbox.tick();
        let left = outbox.bytes;
        while (left > 0) {
          expect(outbox.take(1).length).toBeGreaterThan(0);
          expect(outbox.bytes).toBeLessThan(left);
          left = outbox.bytes;
        }
        expect(outbox.take(1)).toEqual([]);
      }
    }
  });

  const control = binary("c");
  const text = (parts: readonly Uint8Array[]) => Buffer.concat(parts);

  test("small messages pass a large one", () => {
    const outbox = new Outbox(true, true);
    outbox.add("a", { control, parts: [new Uint8Array(1_000_000)], atoms: [] });
    expect(text(outbox.take(1)).length).toBeLessThan(70_000);
    outbox.add("b", { control, parts: [binary("small")], atoms: [] });
    expect(text(outbox.take(1)).includes("small")).toBe(true);
  });

  test("two large ones take turns", () => {
    const outbox = new Outbox(true, true);
    outbox.add("a", { control, parts: [new Uint8Array(300_000).fill(65)], atoms: [] });
    outbox.add("b", { control, parts: [new Uint8Array(300_000).fill(66)], atoms: [] });
    const order = [];
    for (let out = text(outbox.take(1)); out.length > 0; out = text(outbox.take(1))) {
      order.push(String.fromCharCode(out.at(-1) as number));
    }
    expect(order.join("")).toBe("ABABABABAB");
    expect(outbox.bytes).toBe(0);
  });

  test("a sender's next message waits for its large one", () => {
    const outbox = new Outbox(true, true);
    outbox.add("a", { control, parts: [new Uint8Array(100_000)], atoms: [] });
    outbox.add("a", { control, parts: [binary("second")], atoms: [] });
    outbox.add("a", { control, parts: [binary("third")], atoms: [] });
    const all = text(outbox.take(Number.MAX_SAFE_INTEGER));
    expect(all.indexOf("second")).toBeGreaterThan(100_000);
    expect(all.indexOf("third")).toBeGreaterThan(all.indexOf("second"));
    expect(outbox.bytes).toBe(0);
  });

  test("what a peer cannot put together is not cut", () => {
    const outbox = new Outbox(true, false);
    outbox.add("a", { control, parts: [new Uint8Array(200_000)], atoms: [] });
    expect(text(outbox.take(1)).readUInt32BE(0)).toBe(200_004);
  });
});

test("a payload outlives the chunk that it came in", () => {
  const { left, right } = connected();
  left.session.send({ type: "send", to: left.theirs(1) }, tuple(atom("kept"), binary("text")));
  const chunk = left.output();
  right.session.receive(chunk, 0);
  chunk.fill(0);
  expect(right.messages.at(-1)?.message).toEqual(tuple(atom("kept"), binary("text")));
});
