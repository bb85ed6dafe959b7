import { describe, expect, test } from "vitest";
import { AtomCache } from "../../src/dist/atom-cache.ts";
import { Fragments } from "../../src/dist/fragments.ts";
import { FrameSplitter } from "../../src/dist/frames.ts";
import { ProtocolError } from "../../src/dist/index.ts";
import { atom } from "../../src/term/index.ts";

describe("frames", () => {
  const stream = Buffer.concat(
    ["", "a", "hello", "x".repeat(300)].map((text) => {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(text.length);
      return Buffer.concat([head, Buffer.from(text)]);
    }),
  );

  test("cut at every place", () => {
    for (let at = 0; at <= stream.length; at++) {
      const splitter = new FrameSplitter(4, 1000);
      const found: string[] = [];
      const take = (frame: Buffer) => {
        found.push(frame.toString());
        return true;
      };
      expect(splitter.push(stream.subarray(0, at), take)).toBeUndefined();
      expect(splitter.push(stream.subarray(at), take)).toBeUndefined();
      expect(found).toEqual(["", "a", "hello", "x".repeat(300)]);
    }
  });

  test("a frame over the limit is told before anything is allocated", () => {
    const splitter = new FrameSplitter(4, 1000);
    const huge = Buffer.from([0xff, 0xff, 0xff, 0xff]);
    expect(splitter.push(huge.subarray(0, 2), () => true)).toBeUndefined();
    expect(splitter.push(huge.subarray(2), () => true)).toBe(0xffff_ffff);
  });

  test("lengths have two bytes until the handshake is done", () => {
    const splitter = new FrameSplitter(2, 1000);
    const found: number[] = [];
    splitter.push(Buffer.from([0, 1, 9, 0, 0, 0, 1, 8]), (frame) => {
      found.push(frame[0] as number);
      splitter.widen();
      return true;
    });
    expect(found).toEqual([9, 8]);
  });
});

describe("the atom cache", () => {
  const header = (...bytes: (number | string)[]) =>
    Buffer.concat(
      bytes.map((one) => (typeof one === "number" ? Buffer.from([one]) : Buffer.from(one))),
    );

  test("new entries, then references to them, in another order", () => {
    const cache = new AtomCache();
    const first = cache.read(header(2, 0x98, 0x00, 5, 2, "ok", 6, 5, "error", 99), 0);
    expect(first.atoms).toEqual([atom("ok"), atom("error")]);
    expect(first.offset).toBe(14);
    const again = cache.read(header(2, 0x01, 0x00, 6, 5), 0);
    expect(again.atoms).toEqual([atom("error"), atom("ok")]);
  });

  test("atoms whose lengths have two bytes", () => {
    const name = "é".repeat(200);
    const bytes = header(1, 0x18, 3, 0x01, 0x90, name);
    expect(new AtomCache().read(bytes, 0).atoms).toEqual([atom(name)]);
  });

  test("nothing at all", () => {
    expect(new AtomCache().read(header(0, 7), 0)).toEqual({ atoms: [], offset: 1 });
  });

  test.each([
    ["an empty slot", [1, 0x00, 5]],
    ["a header that is cut", [3, 0x98]],
    ["an atom that is cut", [1, 0x08, 0, 9, 65]],
    ["an atom that is not UTF-8", [1, 0x08, 0, 1, 0xff]],
  ])("refuses %s", (_name, bytes) => {
    expect(() => new AtomCache().read(Buffer.from(bytes), 0)).toThrow(ProtocolError);
  });
});

describe("fragments", () => {
  const part = (text: string) => Buffer.from(text);

  test("of two messages interleave", () => {
    const fragments = new Fragments(1000, 10);
    expect(fragments.first(1n, 3, [], part("a"))).toBeUndefined();
    expect(fragments.first(2n, 2, [atom("x")], part("1"))).toBeUndefined();
    expect(fragments.next(1n, 2, part("b"))).toBeUndefined();
    expect(fragments.next(2n, 1, part("2"))).toMatchObject({
      message: part("12"),
      atoms: [atom("x")],
    });
    expect(fragments.next(1n, 1, part("c"))?.message).toEqual(part("abc"));
    expect(fragments.bytes).toBe(0);
  });

  test("of one alone are a whole message", () => {
    expect(new Fragments(200, 1).first(1n, 1, [], part("all"))?.message).toEqual(part("all"));
  });

  test("of a message that is not gone on with are given up in time, others are not", () => {
    const fragments = new Fragments(1000, 2);
    fragments.first(1n, 3, [], part("a"));
    fragments.first(2n, 3, [], part("b"));
    fragments.sweep(1_000_000, 100);
    fragments.next(2n, 2, part("c"));
    fragments.sweep(1_000_099, 100);
    fragments.sweep(1_000_150, 100);
    expect(fragments.next(2n, 1, part("d"))?.message).toEqual(part("bcd"));
    expect(fragments.bytes).toBe(0);
    expect(() => fragments.next(1n, 2, part("b"))).toThrow(ProtocolError);
  });

  test.each<[string, (fragments: Fragments) => void]>([
    ["out of order", (f) => f.next(1n, 1, part("c"))],
    ["begins twice", (f) => f.first(1n, 3, [], part("a"))],
    ["never began", (f) => f.next(9n, 1, part("x"))],
    ["of none", (f) => f.first(3n, 0, [], part("x"))],
    ["too many at a time", (f) => f.first(2n, 2, [], part("x")) ?? f.first(3n, 2, [], part("x"))],
    ["too many bytes", (f) => f.next(1n, 2, Buffer.alloc(2000))],
  ])("refuses what is %s", (_name, work) => {
    const fragments = new Fragments(1000, 2);
    fragments.first(1n, 3, [], part("a"));
    expect(() => work(fragments)).toThrow(ProtocolError);
  });

  test("many empty ones are not free", () => {
    const fragments = new Fragments(100_000, 2);
    fragments.first(1n, 0xffff_ffff, [], part(""));
    const flood = () => {
      for (let number = 0xffff_fffe; ; number--) fragments.next(1n, number, part(""));
    };
    expect(flood).toThrow(ProtocolError);
    expect(fragments.bytes).toBeLessThan(101_000);
  });

  test("a count beyond measure allocates nothing", () => {
    expect(new Fragments(1000, 2).first(1n, 0xffff_ffff, [], part("a"))).toBeUndefined();
  });
});
