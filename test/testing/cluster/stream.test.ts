/** What passes through a link, however its bytes are cut: handshakes, ticks, messages that pass, are dropped, or are late. */

import fc from "fast-check";
import { expect, it } from "vitest";
import { encodeChallenge } from "../../../src/dist/handshake/challenge.ts";
import {
  decodeSendName,
  encodeOldSendName,
  encodeSendName,
} from "../../../src/dist/handshake/send-name.ts";
import { encodeStatus } from "../../../src/dist/handshake/status.ts";
import { describeFlags, OFFERED } from "../../../src/dist/index.ts";
import { encode } from "../../../src/etf/index.ts";
import { atom, Pid, tuple } from "../../../src/term/index.ts";
import { type Greeting, GreetingReader } from "../../../src/testing/cluster/greeting.ts";
import { type DistMessage, MessageReader } from "../../../src/testing/cluster/message.ts";
import { MessageFault } from "../../../src/testing/cluster/message-fault.ts";
import { MessageFilter } from "../../../src/testing/cluster/message-filter.ts";

const LATE = 3_600_000;
const framed = (bytes: Uint8Array, lengthBytes: 2 | 4) => {
  const head = Buffer.alloc(lengthBytes);
  head.writeUIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([head, bytes]);
};
/** A message from one of four processes, with ballast of so many bytes. */
const message = (sender: number, what: string, size: number) => {
  const control = tuple(6, new Pid(atom("a@h"), sender, 0, 9), atom(""), atom("someone"));
  const payload = tuple(atom(what), new Uint8Array(size));
  return framed(Buffer.concat([Buffer.from([112]), encode(control), encode(payload)]), 4);
};

interface Sent {
  readonly kind: "tick" | "keep" | "drop" | "late" | "damaged";
  readonly sender: number;
  readonly bytes: Buffer;
}

const sent: fc.Arbitrary<Sent> = fc
  .record({
    kind: fc.constantFrom("tick", "keep", "drop", "late", "damaged"),
    sender: fc.integer({ min: 1, max: 4 }),
    size: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 3_000 })),
  })
  .map(({ kind, sender, size }) => {
    if (kind === "tick") return { kind, sender, bytes: Buffer.alloc(4) };
    // What nobody can read passes, behind all that is late.
    if (kind === "damaged") return { kind, sender, bytes: framed(Buffer.alloc(size + 1, 7), 4) };
    return { kind, sender, bytes: message(sender, kind, size) };
  });

/** The bytes in pieces of these sizes, over and over; each piece is memory of its own, as from a socket. */
function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] as number;
    yield Buffer.from(bytes.subarray(at, at + size));
    at += size;
  }
}

const is = (what: string) => (found: DistMessage) =>
  found.message !== undefined &&
  (found.message as ReturnType<typeof tuple>).items[0] === atom(what);

it("drops and delays what was chosen and nothing else, and the stream stays whole", () => {
  const chance = () => 0;
  const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.array(sent, { maxLength: 30 }), sizes, (all, cuts) => {
      const thrown = (error: unknown) => {
        throw error;
      };
      const faults = [
        new MessageFault("drop", undefined, is("drop"), {}, chance, thrown),
        new MessageFault("late", LATE, is("late"), {}, chance, thrown),
      ];
      const out: Buffer[] = [];
      const did: string[] = [];
      let unread = 0;
      const filter = new MessageFilter(new MessageReader("a@h", "b@h"), {
        pass: (chunks) => out.push(...chunks.map((chunk) => Buffer.from(chunk))),
        faults: () => faults,
        did: (what) => did.push(what),
        unread: () => {
          unread += 1;
        },
      });
      for (const piece of pieces(Buffer.concat(all.map(({ bytes }) => bytes)), cuts)) {
        expect(filter.push(piece)).toBe(true);
      }
      const held = new Set<number>();
      const at = { once: [] as Buffer[], later: [] as Buffer[] };
      for (const { kind, sender, bytes } of all) {
        if (kind === "drop") continue;
        if (kind === "late") held.add(sender);
        const waits = kind === "late" || (kind === "keep" && held.has(sender));
        at[waits ? "later" : "once"].push(bytes);
      }
      expect(Buffer.concat(out).equals(Buffer.concat(at.once))).toBe(true);
      filter.release();
      expect(Buffer.concat(out).equals(Buffer.concat([...at.once, ...at.later]))).toBe(true);
      const of = (kind: string) => all.filter((one) => one.kind === kind).length;
      expect(did.filter((what) => what === "dropped")).toHaveLength(of("drop"));
      expect(did.filter((what) => what === "delayed")).toHaveLength(of("late"));
      expect(unread).toBe(of("damaged"));
      filter.stop();
    }),
    { numRuns: 200 },
  );
});

it("passes a handshake on as it is, or without headers and fragments, and finds its end", () => {
  const challenge = { flags: OFFERED, challenge: 7, creation: 9, name: "b@h" };
  const conversations = [
    {
      caller: true,
      first: encodeSendName({ flags: OFFERED, creation: 9, name: "ä@h" }),
      rest: [encodeStatus({ type: "true" }), Buffer.from("r01234567890123456789")],
      learned: "ä@h",
    },
    {
      caller: true,
      first: encodeOldSendName({ flags: OFFERED, name: "a@h" }),
      rest: [Buffer.from("c01234567"), Buffer.from("r01234567890123456789")],
      learned: "a@h",
    },
    {
      caller: false,
      first: encodeChallenge(challenge),
      rest: [Buffer.from("a0123456789012345")],
      learned: "b@h",
    },
  ];
  const after = Buffer.from([0, 0, 0, 0, 22, 3, 1]);
  fc.assert(
    fc.property(
      fc.constantFrom(...conversations),
      fc.boolean(),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 }),
      ({ caller, first, rest, learned }, alone, cuts) => {
        const bytes = Buffer.concat([...[first, ...rest].map((one) => framed(one, 2)), after]);
        const reader = new GreetingReader(caller, alone);
        const [passed, greetings, behind] = [[] as Buffer[], [] as Greeting[], [] as Buffer[]];
        let greeting = true;
        for (const piece of pieces(bytes, cuts)) {
          if (!greeting) {
            behind.push(piece);
            continue;
          }
          const left = reader.push(piece, (one, message) => {
            greetings.push(one);
            passed.push(Buffer.from(message));
          });
          expect(left).toBeDefined();
          if (left === "more") continue;
          greeting = false;
          behind.push(left as Buffer);
        }
        expect(Buffer.concat(behind).equals(after)).toBe(true);
        expect(greetings.at(-1)).toEqual({ type: "last" });
        expect(greetings[0]).toMatchObject({ name: learned });
        const whole = bytes.subarray(0, bytes.length - after.length);
        expect(Buffer.concat(passed).equals(whole)).toBe(!alone);
        expect(Buffer.concat(passed)).toHaveLength(whole.length);
        if (!caller) return;
        const given = describeFlags(decodeSendName((passed[0] as Buffer).subarray(2)).flags);
        const lost = describeFlags(decodeSendName(Buffer.from(first)).flags).filter(
          (flag) => !given.includes(flag),
        );
        expect(lost).toEqual(alone ? ["DIST_HDR_ATOM_CACHE", "FRAGMENTS"] : []);
      },
    ),
    { numRuns: 200 },
  );
});

it("what is no handshake is let through at once", () => {
  for (const bytes of [
    Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]),
    Buffer.from("0003787878", "hex"),
    framed(Buffer.from("Nshort"), 2),
  ]) {
    const reader = new GreetingReader(true, true);
    const take = () => expect.unreachable();
    expect(reader.push(bytes, take)).toBeUndefined();
    expect(reader.rest.equals(bytes)).toBe(true);
  }
});
