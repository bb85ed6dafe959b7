import fc from "fast-check";
import { expect, test } from "vitest";
import type { Control } from "../../src/dist/index.ts";
import { isBeamError } from "../../src/errors.ts";
import { atom, equals, type Term } from "../../src/term/index.ts";
import { type Cut, connected, pump, Side } from "../dist/pair.ts";
import { arbitraryTerm } from "../support/arbitrary-term.ts";

/** Cuts at the given places, wherever they fall. */
const cutter =
  (places: readonly number[]): Cut =>
  (bytes) => {
    const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort(
      (a, b) => a - b,
    );
    const edges = [0, ...at, bytes.length];
    return edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
  };

const places = fc.array(fc.nat(1_000_000), { maxLength: 40 });
const small = arbitraryTerm({ without: ["pid", "reference", "port", "fun"] as never });
const large = fc.integer({ min: 60_000, max: 300_000 }).map((size) => new Uint8Array(size).fill(7));
const message = fc.oneof({ weight: 6, arbitrary: small }, { weight: 1, arbitrary: large });
const sends = fc.array(fc.record({ sender: fc.nat(3), message }), { maxLength: 12 });

test("a stream cut anywhere gives the same messages, in order for each sender", () => {
  fc.assert(
    fc.property(sends, places, fc.boolean(), (list, where, dynamic) => {
      const cut = cutter(where);
      const options = dynamic ? { left: { name: "host", dynamic }, cut } : { cut };
      const { left, right } = connected(options);
      for (const { sender, message: sent } of list) {
        const from = left.pid(sender + 1);
        left.session.send({ type: "send_sender", from, to: left.theirs(9) }, sent);
      }
      pump(left, right, cut);
      expect(right.down).toBeUndefined();
      expect(right.messages).toHaveLength(list.length);
      for (let sender = 0; sender <= 3; sender++) {
        const wanted = list.filter((one) => one.sender === sender).map((one) => one.message);
        const got = right.messages.filter(
          ({ control }) => (control as { from: { id: number } }).from.id === sender + 1,
        );
        expect(got).toHaveLength(wanted.length);
        for (const [index, one] of got.entries()) {
          expect(equals(one.message as Term, wanted[index] as Term)).toBe(true);
        }
      }
    }),
    { numRuns: 150 },
  );
});

test("every control message arrives as it was sent", () => {
  const { left, right } = connected();
  const [from, to, ref] = [left.pid(3), left.theirs(4), left.reference(5, 6, 7)];
  const mfa = { module: atom("m"), function: atom("f"), arity: 1, options: [atom("monitor")] };
  const all: [Control, Term?][] = [
    [{ type: "link", from, to }],
    [{ type: "unlink", id: 1, from, to }],
    [{ type: "unlink_ack", id: 2n ** 64n - 1n, from, to }],
    [{ type: "send", to }, 1],
    [{ type: "send_sender", from, to }, 2],
    [{ type: "reg_send", from, to: atom("name") }, 3],
    [{ type: "group_leader", leader: from, to }],
    [{ type: "payload_exit", from, to }, atom("bye")],
    [{ type: "payload_exit2", from, to }, atom("kill")],
    [{ type: "monitor", from, target: to, ref }],
    [{ type: "monitor", from, target: atom("name"), ref }],
    [{ type: "demonitor", from, target: to, ref }],
    [{ type: "payload_monitor_exit", from, to, ref }, atom("noproc")],
    [{ type: "spawn_request", ref, from, groupLeader: from, ...mfa }, [1]],
    [{ type: "spawn_reply", ref, to, flags: 2, result: from }],
  ];
  for (const [control, sent] of all) left.session.send(control, sent);
  pump(left, right);
  expect(right.down).toBeUndefined();
  expect(right.messages).toEqual(all.map(([control, sent]) => ({ control, message: sent })));
});

test("damaged streams end in a typed error or a harmless message, and never in an exception", () => {
  const { left, right } = connected();
  left.session.send(
    { type: "reg_send", from: left.pid(1), to: atom("rex") },
    [atom("a"), 1, 2.5 as never].slice(0, 2),
  );
  left.session.send({ type: "send", to: left.theirs(2) }, new Uint8Array(70_000));
  const data = left.output();
  expect(right.down).toBeUndefined();
  const handshake = (() => {
    const side = new Side({ role: "initiator", name: "left@host" });
    side.session.start(0);
    return side.output();
  })();
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.nat(1_000_000),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
      (greeting, place, change, cutOff) => {
        const source = greeting ? handshake : data;
        const bytes = Buffer.from(source);
        const at = place % Math.min(bytes.length, 200);
        bytes[at] = (bytes[at] as number) ^ change;
        const side = greeting
          ? new Side({ role: "acceptor", name: "right@host" })
          : tolerant(connected().right);
        side.session.receive(cutOff ? bytes.subarray(0, at + 1) : bytes, 0);
        side.session.transportClosed();
        expect(isBeamError(side.down)).toBe(true);
        // A defect of ours would be reported as its cause.
        for (let error: unknown = side.down; error instanceof Error; error = error.cause) {
          expect(isBeamError(error), String(error.stack)).toBe(true);
        }
      },
    ),
    { numRuns: 1500 },
  );
});

/** A side whose handler leaves payloads alone, as one does that nobody waits for. */
function tolerant(side: Side): Side {
  side.messages.push = () => 0;
  return side;
}

test("the atom cache stays the same on both sides, however many atoms there are and whatever passes what", () => {
  const atoms = fc.nat(5_000).map((number) => atom(`atom_${number}`));
  const long = fc.nat(50).map((number) => atom("ж".repeat(200) + number));
  const terms = fc.oneof(
    { weight: 5, arbitrary: fc.array(fc.oneof({ weight: 9, arbitrary: atoms }, long)) },
    { weight: 1, arbitrary: fc.array(atoms, { minLength: 300, maxLength: 600 }) },
    { weight: 1, arbitrary: fc.tuple(atoms, large) },
  );
  const many = fc.array(fc.record({ sender: fc.nat(3), message: terms }), { maxLength: 40 });
  fc.assert(
    fc.property(many, fc.nat(3), (list, pace) => {
      const { left, right } = connected();
      for (const [at, { sender, message: sent }] of list.entries()) {
        const from = left.pid(sender + 1);
        left.session.send({ type: "send_sender", from, to: left.theirs(9) }, sent);
        // Some of it leaves while more is queued.
        if (at % 4 === pace) {
          for (const chunk of left.session.takeOutput(0, 70_000)) right.session.receive(chunk, 0);
        }
      }
      pump(left, right);
      expect(right.down).toBeUndefined();
      for (let sender = 0; sender <= 3; sender++) {
        const wanted = list.filter((one) => one.sender === sender).map((one) => one.message);
        const got = right.messages.filter(
          ({ control }) => (control as { from: { id: number } }).from.id === sender + 1,
        );
        expect(got.length).toBe(wanted.length);
        for (const [index, one] of got.entries()) {
          expect(equals(one.message as Term, wanted[index] as Term)).toBe(true);
        }
      }
    }),
    { numRuns: 200 },
  );
});
