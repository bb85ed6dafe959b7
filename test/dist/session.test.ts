import { describe, expect, test } from "vitest";
import { type Control, InvalidControlError, NodeDownError } from "../../src/dist/index.ts";
import { Outbox } from "../../src/dist/outbox.ts";
import { EncodeError } from "../../src/etf/index.ts";
import { atom, binary, Pid, Reference, type Term, tuple } from "../../src/term/index.ts";
import { connected, pump } from "./pair.ts";

describe("ticks, by the clock that is handed in", () => {
  test("an idle link is kept alive by both sides", () => {
    const { left, right } = connected();
    for (let now = 1000; now <= 600_000; now += 1000) {
      left.session.tick(now);
      right.session.tick(now);
      pump(left, right, undefined, now);
    }
    expect([left.down, right.down]).toEqual([undefined, undefined]);
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

test("pass-through messages are read", () => {
  const { left, right } = connected();
  const frame = Buffer.from([112, 131, 104, 3, 97, 2, 115, 0]);
  left.session.send({ type: "send", to: left.theirs(5) }, atom("x"));
  const written = left.output().subarray(7); // length and header: the control term begins here
  const body = Buffer.concat([
    frame.subarray(0, 2),
    written.subarray(0, -3),
    Buffer.from([131]),
    written.subarray(-3),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  right.session.receive(Buffer.concat([length, body]), 0);
  expect(right.down).toBeUndefined();
  expect(right.messages.at(-1)).toMatchObject({ control: { type: "send" }, message: atom("x") });
});

describe("the outbox", () => {
  test("says that bytes wait until the very last is taken", () => {
    for (let size = 65_530; size < 65_560; size += 3) {
      for (const more of [0, 1, 65_536 * 3 - 20]) {
        const outbox = new Outbox(true, true);
        outbox.add("a", control, [new Uint8Array(size + more)]);
        outbox.add("a", control, [new Uint8Array(10)]);
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
    outbox.add("a", control, [new Uint8Array(1_000_000)]);
    expect(text(outbox.take(1)).length).toBeLessThan(70_000);
    outbox.add("b", control, [binary("small")]);
    expect(text(outbox.take(1)).includes("small")).toBe(true);
  });

  test("two large ones take turns", () => {
    const outbox = new Outbox(true, true);
    outbox.add("a", control, [new Uint8Array(300_000).fill(65)]);
    outbox.add("b", control, [new Uint8Array(300_000).fill(66)]);
    const order = [];
    for (let out = text(outbox.take(1)); out.length > 0; out = text(outbox.take(1))) {
      order.push(String.fromCharCode(out.at(-1) as number));
    }
    expect(order.join("")).toBe("ABABABABAB");
    expect(outbox.bytes).toBe(0);
  });

  test("a sender's next message waits for its large one", () => {
    const outbox = new Outbox(true, true);
    outbox.add("a", control, [new Uint8Array(100_000)]);
    outbox.add("a", control, [binary("second")]);
    outbox.add("a", control, [binary("third")]);
    const all = text(outbox.take(Number.MAX_SAFE_INTEGER));
    expect(all.indexOf("second")).toBeGreaterThan(100_000);
    expect(all.indexOf("third")).toBeGreaterThan(all.indexOf("second"));
    expect(outbox.bytes).toBe(0);
  });

  test("what a peer cannot put together is not cut", () => {
    const outbox = new Outbox(true, false);
    outbox.add("a", control, [new Uint8Array(200_000)]);
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
