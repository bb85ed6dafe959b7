import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS, decode, TermReader } from "../../src/etf/index.ts";
import { atom, equals, inspect, Pid, type Term, tuple } from "../../src/term/index.ts";
import { COMPRESSED, CURRENT, OLD } from "./vectors.ts";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const expectTerm = (found: Term, wanted: Term) => {
  expect(equals(found, wanted), inspect(found)).toBe(true);
};

describe("decoding what nodes write", () => {
  it.each([...CURRENT, ...OLD])("$what", ({ hex, term }) => {
    expectTerm(decode(bytes(`83${hex}`)), term);
  });

  it.each(COMPRESSED)("a compressed term %s", (hex) => {
    expectTerm(decode(bytes(hex)), new Array<Term>(300).fill(atom("a")));
  });

  it("takes a Buffer within a larger one as well", () => {
    const whole = Buffer.from("ffff836d00000003010203ffff", "hex");
    const found = decode(whole.subarray(2, 11));
    expect(found).toEqual(Uint8Array.of(1, 2, 3));
    expect(found).not.toBeInstanceOf(Buffer);
  });
});

describe("a binary", () => {
  const input = Buffer.alloc(9006, 7);
  input.set([131, 109, 0, 0, 0x23, 0x28]);
  const small = Buffer.concat([Buffer.from([131, 109, 0, 0, 0x0f, 0xff]), Buffer.alloc(4095)]);

  it("is a view of the input when it is large", () => {
    expect((decode(input) as Uint8Array).buffer).toBe(input.buffer);
  });

  it("is a copy when it is small, so that it does not keep the input", () => {
    expect((decode(small) as Uint8Array).buffer.byteLength).toBe(4095);
  });

  it("is what the caller wishes", () => {
    expect((decode(input, { viewFrom: Number.POSITIVE_INFINITY }) as Uint8Array).buffer).not.toBe(
      input.buffer,
    );
    expect((decode(small, { viewFrom: 0 }) as Uint8Array).buffer).toBe(small.buffer);
  });
});

describe("atoms", () => {
  it("are the same object each time", () => {
    const once = decode(bytes("8377026f6b"));
    expect(once).toBe(atom("ok"));
    expect(decode(bytes("836400026f6b"))).toBe(once);
    expect(decode(bytes("8376000377c3bc"))).toBe(atom("wü"));
  });

  it("come from the distribution header where it has them", () => {
    const shop = atom("shop@host");
    const reader = new TermReader(bytes("68025258"), 0, DEFAULT_LIMITS, [atom("ok"), shop]);
    expect(() => reader.read()).toThrow(/the header has no atom 88/);
    const good = bytes("680252005852010000000100000002000000035201");
    const next = new TermReader(good, 0, DEFAULT_LIMITS, [atom("ok"), shop]);
    expectTerm(next.read(), tuple(atom("ok"), new Pid(shop, 1, 2, 3)));
    expect(next.read()).toBe(shop);
  });
});
