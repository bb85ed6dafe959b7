import { describe, expect, test } from "vitest";
import { digestOf } from "../../src/dist/digest.ts";
import { flags, hasFlag, OFFERED } from "../../src/dist/flags.ts";
import { encodeAck, encodeChallenge } from "../../src/dist/handshake/challenge.ts";
import { decodeSendName, encodeOldSendName } from "../../src/dist/handshake/send-name.ts";
import { decodeStatus, encodeStatus, type Status } from "../../src/dist/handshake/status.ts";
import {
  type Caller,
  CookieRefusedError,
  HandshakeClosedError,
  HandshakeTimeoutError,
  MissingFlagsError,
  NameInUseError,
  NotAllowedError,
  ProtocolError,
  type SessionOptions,
  WrongNodeNameError,
} from "../../src/dist/index.ts";
import { connected, pump, Side } from "./pair.ts";

const framed = (body: Uint8Array) => {
  const out = Buffer.alloc(2 + body.length);
  out.writeUInt16BE(body.length);
  out.set(body, 2);
  return out;
};
const caller = (options: object = {}) => {
  const side = new Side({ role: "initiator", name: "me@here", expectedName: "b@h", ...options });
  side.session.start(0);
  side.output();
  return side;
};
const status = (value: Status) => framed(encodeStatus(value));
const challenge = (more: object = {}) =>
  framed(encodeChallenge({ flags: OFFERED, challenge: 7, creation: 9, name: "b@h", ...more }));

describe("both sides of ours", () => {
  test("with a static name", () => {
    const { left, right } = connected();
    expect(left.peer).toMatchObject({ name: "right@host", creation: 77, localName: "left@host" });
    expect(right.peer).toMatchObject({ name: "left@host", creation: 77, localName: "right@host" });
    expect([left.session.state, right.session.state]).toEqual(["up", "up"]);
  });

  test("with a dynamic name, which only the node gives", () => {
    const { left, right } = connected({ left: { name: "host", dynamic: true } });
    expect(left.peer?.localName).toMatch(/^\w+@host$/);
    expect(right.peer?.name).toBe(left.peer?.localName);
    expect(right.peer?.creation).toBe(left.peer?.localCreation);
  });

  test("with different cookies, the acceptor closes and the caller knows why", () => {
    const { left, right } = connected({ right: { cookie: "other" } });
    expect(right.down).toBeInstanceOf(CookieRefusedError);
    left.session.transportClosed();
    expect(left.down).toBeInstanceOf(CookieRefusedError);
    expect(left.down?.remedy).toBeDefined();
  });

  test("lengths of four bytes, as over TLS", () => {
    const wide = { handshakeLengthBytes: 4 } as const;
    expect(connected({ left: wide, right: wide }).left.session.state).toBe("up");
  });
});

describe("an acceptor of ours decides", () => {
  const with_ = (admit: NonNullable<SessionOptions["admit"]>, more: Partial<SessionOptions> = {}) =>
    connected({ left: more, right: { admit } });

  test("that a call of both sides is one", () => {
    const { left, right } = with_(() => "ok_simultaneous");
    expect([left.session.state, right.session.state]).toEqual(["up", "up"]);
  });

  test.each([
    ["nok", NameInUseError],
    ["not_allowed", NotAllowedError],
    ["alive", NameInUseError],
  ] as const)("%s, and both sides know", (verdict, error) => {
    const { left, right } = with_(() => verdict);
    expect(left.down).toBeInstanceOf(error);
    expect(right.down).toBeInstanceOf(error);
  });

  test("by what the caller says of itself", () => {
    const callers: Caller[] = [];
    const admit = (caller: Caller) => {
      callers.push(caller);
      return caller.dynamic ? { name: "given@host", creation: 4711 } : ("ok" as const);
    };
    with_(admit);
    const { left, right } = with_(admit, { name: "host", dynamic: true });
    expect(callers).toMatchObject([
      { name: "left@host", dynamic: false, creation: 77 },
      { name: "host", dynamic: true, creation: 0 },
    ]);
    expect(left.peer).toMatchObject({ localName: "given@host", localCreation: 4711 });
    expect(right.peer).toMatchObject({ name: "given@host", creation: 4711 });
  });

  test("alive: who takes over is answered when the former link is gone, be that early or late", () => {
    for (const early of [true, false]) {
      const replaced: string[] = [];
      const left = new Side({ role: "initiator", name: "left@host", takeOver: true });
      const right: Side = new Side({
        role: "acceptor",
        name: "right@host",
        admit: () => "alive",
        replace: (name) => {
          replaced.push(name);
          if (early) right.session.proceed();
        },
      });
      left.session.start(0);
      pump(left, right);
      expect(replaced).toEqual(["left@host"]);
      expect(left.session.state).toBe(early ? "up" : "handshake");
      expect(right.session.state).toBe(early ? "up" : "handshake");
      right.session.proceed();
      pump(left, right);
      expect([left.session.state, right.session.state]).toEqual(["up", "up"]);
      right.session.proceed(); // harmless now
    }
  });

  test("by a cookie for each node, or none", () => {
    const cookies = (peer: string) => ({ "left@host": "secret" })[peer];
    expect(connected({ right: { cookie: cookies } }).left.session.state).toBe("up");
    const known = (peer: string) => ({ "right@host": "secret" })[peer];
    expect(connected({ left: { cookie: known } }).left.session.state).toBe("up");
    const { right } = connected({ left: { name: "other@host" }, right: { cookie: cookies } });
    expect(right.down).toBeInstanceOf(NotAllowedError);
  });
});

/** The flags of a node that has neither the handshake of OTP 23 nor the digest of OTP 25. */
const BEFORE_23 = (OFFERED.low & ~flags(["HANDSHAKE_23", "MANDATORY_25_DIGEST"]).low) >>> 0;

describe("the name of before OTP 23", () => {
  test("is completed by the upper flags and the creation", () => {
    const { left, right } = connected({ left: { oldName: true, creation: 0xfeed_beef } });
    expect([left.session.state, right.session.state]).toEqual(["up", "up"]);
    expect(right.peer).toMatchObject({ name: "left@host", creation: 0xfeed_beef });
    expect(right.peer?.flags).toEqual(left.peer?.flags);
  });

  test("without the flag for that is refused, with the flags that are missing", () => {
    const bare = { high: 0, low: BEFORE_23 };
    const { left, right } = connected({ left: { oldName: true, flags: bare } });
    expect(left.down).toBeInstanceOf(NotAllowedError);
    expect((right.down as MissingFlagsError).flags).toEqual(["HANDSHAKE_23"]);
  });

  test("with something else than its complement is a broken protocol", () => {
    const side = new Side({ role: "acceptor", name: "right@host" });
    side.session.start(0);
    side.session.receive(framed(encodeOldSendName({ flags: OFFERED, name: "left@host" })), 0);
    side.session.receive(framed(encodeAck(Buffer.alloc(16))), 0);
    expect(side.down).toBeInstanceOf(ProtocolError);
  });
});

describe("what is sent first", () => {
  test("a hidden name with all flags that are handled", () => {
    const side = new Side({ role: "initiator", name: "me@here", creation: 1234 });
    side.session.start(0);
    const sent = decodeSendName(side.output().subarray(2));
    expect(sent).toMatchObject({ name: "me@here", creation: 1234, old: false, flags: OFFERED });
    expect(hasFlag(sent.flags, "PUBLISHED")).toBe(false);
  });

  test("a dynamic name is the host, without a creation", () => {
    const side = new Side({ role: "initiator", name: "here", dynamic: true });
    side.session.start(0);
    const sent = decodeSendName(side.output().subarray(2));
    expect(sent).toMatchObject({ name: "here", creation: 0 });
    expect(hasFlag(sent.flags, "NAME_ME")).toBe(true);
  });
});

describe("what the other side can answer", () => {
  const answers: [string, Status, new (...args: never[]) => Error][] = [
    ["not allowed", { type: "not_allowed" }, NotAllowedError],
    ["alive", { type: "alive" }, NameInUseError],
    ["nok", { type: "nok" }, NameInUseError],
    ["a name that was not asked for", { type: "named", name: "x@h", creation: 5 }, ProtocolError],
    ["an answer to nothing", { type: "true" }, ProtocolError],
  ];
  test.each(answers)("%s", (_name, given, error) => {
    const side = caller();
    side.session.receive(status(given), 0);
    expect(side.down).toBeInstanceOf(error);
    expect(side.session.state).toBe("closed");
  });

  test("an old connection of our name is not taken over", () => {
    const side = caller();
    side.session.receive(status({ type: "alive" }), 0);
    expect(decodeStatus(side.output().subarray(2))).toEqual({ type: "false" });
  });

  test("a node without dynamic names says ok to one", () => {
    const side = caller({ dynamic: true, name: "here" });
    side.session.receive(status({ type: "ok" }), 0);
    expect(side.down).toMatchObject({ flags: ["NAME_ME"] });
  });

  test("missing flags are named", () => {
    const side = caller();
    side.session.receive(status({ type: "ok" }), 0);
    side.session.receive(challenge({ flags: flags(["DIST_MONITOR", "UTF8_ATOMS"]) }), 0);
    expect(side.down).toBeInstanceOf(MissingFlagsError);
    expect((side.down as MissingFlagsError).flags).toContain("BIG_CREATION");
    expect(side.down?.message).toContain("MAP_TAG");
  });

  test("another node's real name is carried", () => {
    const side = caller();
    side.session.receive(status({ type: "ok" }), 0);
    side.session.receive(challenge({ name: "other@h" }), 0);
    expect(side.down).toBeInstanceOf(WrongNodeNameError);
    expect((side.down as WrongNodeNameError).actual).toBe("other@h");
  });

  test("bytes behind a name are ignored, and the proof of the cookie is checked", () => {
    const side = caller();
    side.session.receive(status({ type: "ok_simultaneous" }), 0);
    side.session.receive(framed(Buffer.concat([challenge().subarray(2), Buffer.from("more")])), 0);
    side.session.receive(framed(encodeAck(digestOf("wrong", 123_456_789))), 0);
    expect(side.down).toBeInstanceOf(CookieRefusedError);
    expect(side.down?.remedy).toContain("do not trust");
  });

  test("an old challenge is read, and its missing flags named", () => {
    const side = caller();
    side.session.receive(status({ type: "ok" }), 0);
    const old = Buffer.alloc(14);
    old.write("n");
    old.writeUInt16BE(5, 1);
    old.writeUInt32BE(BEFORE_23, 3);
    old.write("b@h", 11);
    side.session.receive(framed(old), 0);
    expect((side.down as MissingFlagsError).flags).toEqual(["HANDSHAKE_23"]);
  });
});

describe("nothing more comes", () => {
  test("silence, by the clock that is handed in", () => {
    const side = caller();
    side.session.tick(6999);
    expect(side.down).toBeUndefined();
    side.session.tick(7000);
    expect(side.down).toBeInstanceOf(HandshakeTimeoutError);
  });

  test("closed at each step", () => {
    const first = caller();
    first.session.transportClosed();
    expect(first.down).toBeInstanceOf(HandshakeClosedError);
    const second = caller();
    second.session.receive(status({ type: "ok" }), 0);
    second.session.transportClosed();
    expect(second.down).toBeInstanceOf(HandshakeClosedError);
    const third = caller();
    third.session.receive(status({ type: "ok" }), 0);
    third.session.receive(challenge(), 0);
    third.session.transportClosed();
    expect(third.down).toBeInstanceOf(CookieRefusedError);
  });

  test.each(["", "x", "sfoo", "N", "snamed:\0"])("garbage %j", (text) => {
    const side = caller();
    side.session.receive(framed(Buffer.from(text, "latin1")), 0);
    expect(side.down).toBeInstanceOf(ProtocolError);
  });
});
