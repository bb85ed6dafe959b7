import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DecodeError, type DecodeLimits, decode, encode, TermReader } from "../../src/etf/index.ts";
import { atom, type Term } from "../../src/term/index.ts";
import { CURRENT } from "./vectors.ts";

const refused = (input: Uint8Array, limits?: Partial<DecodeLimits>): DecodeError => {
  try {
    decode(input, limits);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error("it was decoded");
};
const hex = (text: string) => Buffer.from(text, "hex");
const repeat = (text: string, times: number, last: string) => hex(`83${text.repeat(times)}${last}`);
const compressed = (inner: Uint8Array, size = inner.length, behind = "") => {
  const head = Buffer.from([131, 80, 0, 0, 0, 0]);
  head.writeUInt32BE(size, 2);
  return Buffer.concat([head, deflateSync(inner), hex(behind)]);
};

describe("bytes that are no term", () => {
  it.each([
    ["no version", "6101", /131/, 0],
    ["nothing", "", /131/, 0],
    ["only a version", "83", /end/, 1],
    ["two versions", "838361", /version byte/, 1],
    ["an unknown tag", "8300", /tag 0 is none/, 1],
    ["LOCAL", "837900", /LOCAL_EXT/, 1],
    ["FUN", "837500", /FUN_EXT/, 1],
    ["a native record", "834300000001", /native record/, 1],
    ["compression within a term", "8368015000000001", /COMPRESSED/, 3],
    ["bytes behind the term", "8361016102", /2 bytes behind/, 3],
    ["NaN", "83467ff8000000000000", /finite/, 10],
    ["infinity", "8346fff0000000000000", /finite/, 10],
    ["a float of no digits", `8363${"00".repeat(31)}`, /float/, 33],
    [
      "a float in hexadecimal",
      `8363${Buffer.from("0x10.0").toString("hex").padEnd(62, "0")}`,
      /float/,
      33,
    ],
    [
      "a float too large",
      `8363${Buffer.from("1.0e999").toString("hex").padEnd(62, "0")}`,
      /finite/,
      33,
    ],
    ["a sign that is none", "836e010205", /sign/, 4],
    ["an atom that is not UTF-8", "837702c3c3", /UTF-8/, 5],
    ["an atom with a surrogate", "837703eda080", /UTF-8/, 6],
    ["an atom of 256 characters", `83760100${"61".repeat(256)}`, /256 characters/, 260],
    ["an atom of 1021 bytes", `837603fd${"61".repeat(1021)}`, /1021 bytes/, 1025],
    ["a Latin-1 atom of 256 characters", `83640100${"e9".repeat(256)}`, /256 characters/, 4],
    ["a cached atom without a header", "835200", /header/, 3],
    ["a pid of a number", "83586101", /atom must stand/, 2],
    ["a reference without words", "835a0000770161", /0 words/, 4],
    ["a reference of six words", "835a0006770161", /6 words/, 4],
    ["a bit string of no bits", "834d0000000100ff", /0 bits/, 7],
    ["a bit string of nine bits", "834d0000000109ff", /9 bits/, 7],
    ["a bit string without bytes", "834d0000000003", /without bytes/, 7],
    ["an arity of 256", "837177016177016262000001 00".replace(" ", ""), /arity/, 13],
    ["an arity that is an atom", "8371770161770162770163", /arity/, 11],
    ["a map with a key twice", "8374000000026101610261016103", /twice/, 14],
    ["a map with a list key twice", "8374000000026b00010161026b0001016103", /twice/, 18],
    ["a tuple no node has", "836901000000", /16777216/, 6],
  ])("%s", (_, input, message, offset) => {
    const error = refused(hex(input));
    expect(error.message).toMatch(message);
    expect(error.offset).toBe(offset);
    expect(error.code).toBe("BEAM_DECODE");
  });
});

describe("bytes that OTP reads and so do we", () => {
  it("a fun of another size than it says, as OTP 23 writes those that hold large binaries", () => {
    const fun = CURRENT.find(({ what }) => what === "NEW_FUN");
    const right = hex(`83${fun?.hex}`);
    expect(() => decode(right)).not.toThrow();
    right.writeUInt32BE(0x56, 2);
    expect(encode(decode(right))).toEqual(encode(decode(hex(`83${fun?.hex}`))));
  });
});

describe("lies about sizes", () => {
  it.each([
    ["LIST", "6cffffffff6101"],
    ["LARGE_TUPLE", "6900ffffff6101"],
    ["MAP", "74ffffffff6101"],
    ["BINARY", "6dffffffff01"],
    ["STRING", "6bffff01"],
    ["BIT_BINARY", "4dffffffff0401"],
    ["LARGE_BIG", "6f0007000000ff"],
    [
      "NEW_FUN",
      `70ffffffff01${"00".repeat(20)}ffffffff770161610161015877016100000000000000000000000000`,
    ],
  ])("%s", (_, input) => {
    expect(refused(hex(`83${input}`)).message).toMatch(/end within|more elements/);
  });

  it("are seen before anything is allocated, also when each level claims all that is left", () => {
    const levels = 900;
    const input = Buffer.alloc(1 + levels * 5 + 1_000_000, 0x6a);
    input[0] = 131;
    for (let level = 0; level < levels; level++) {
      input[1 + level * 5] = 105;
      input.writeUInt32BE(1_000_000, 2 + level * 5);
    }
    const before = process.memoryUsage().heapUsed;
    expect(refused(input).message).toMatch(/more elements than there are bytes/);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * 1024 * 1024);
  });
});

describe("limits", () => {
  it("of bytes", () => {
    expect(refused(encode(new Uint8Array(100)), { maxBytes: 50 }).message).toMatch(/over 50/);
    expect(() => new TermReader(new Uint8Array(9), 8)).not.toThrow();
  });

  it("of elements, all together", () => {
    const lists = encode([
      [1000, 1000],
      [1000, 1000],
    ]);
    expect(() => decode(lists, { maxElements: 6 })).not.toThrow();
    expect(refused(lists, { maxElements: 5 }).remedy).toMatch(/maxElements/);
  });

  it("of integers", () => {
    const big = encode(1n << 8000n);
    expect(() => decode(big)).not.toThrow();
    expect(refused(big, { maxBigBytes: 1000 }).remedy).toMatch(/maxBigBytes/);
  });

  it("of depth, whatever nests", () => {
    for (const [open, last] of [
      ["6801", "6101"],
      ["6c00000001", "6101"],
      ["74000000016101", "6101"],
      ["7400000001", "6101"],
      ["6c0000000161016801", "6101"],
    ] as const) {
      const error = refused(repeat(open, 100_000, last));
      expect(error.message).toMatch(/nested/);
    }
    expect(refused(repeat("6801", 11, "6101"), { maxDepth: 10 }).message).toMatch(/deeper than 10/);
    expect(() => decode(repeat("6801", 10, "6101"), { maxDepth: 10 })).not.toThrow();
    expect(refused(repeat("6801", 5000, "6101"), { maxDepth: 1e9 }).message).toMatch(/than 1000/);
  });

  it("do not hold for the tails of a list, which are no depth, and take linear time", () => {
    const items = decode(repeat("6c000000016101", 200_000, "6a")) as Term[];
    expect(items.length).toBe(200_000);
  });

  it("of keys of maps within keys of maps, whose comparison would take quadratic time", () => {
    const key = Buffer.from(encode(new Uint8Array(1_000_000))).subarray(1);
    const levels = 500;
    const input = Buffer.concat([
      repeat("7400000001", levels, ""),
      key,
      hex("6101".repeat(levels)),
    ]);
    expect(refused(input).message).toMatch(/keys of maps/);
    expect(() => decode(encode([atom("a")]))).not.toThrow();
  });
});

describe("a compressed term", () => {
  const inner = Uint8Array.from(encode(new Array<Term>(1000).fill(atom("a")))).subarray(1);

  it("is exactly as long as it says, and ends where its bytes end", () => {
    expect((decode(compressed(inner)) as Term[]).length).toBe(1000);
    expect(refused(compressed(inner, inner.length - 1)).message).toMatch(/damaged or longer/);
    expect(refused(compressed(inner, inner.length + 1)).message).toMatch(/instead of/);
    expect(refused(compressed(inner, inner.length, "00")).message).toMatch(/behind a compressed/);
    expect(refused(compressed(Buffer.concat([inner, hex("61")]))).message).toMatch(
      /1 bytes behind/,
    );
    expect(refused(hex("83500000")).message).toMatch(/end within/);
    expect(refused(hex("8350000000056101")).message).toMatch(/damaged/);
    expect(refused(compressed(new Uint8Array())).message).toMatch(/end within/);
  });

  it("is not compressed again", () => {
    expect(refused(compressed(compressed(inner).subarray(1))).message).toMatch(/COMPRESSED/);
  });

  it("inflates to no more than the limit", () => {
    const bomb = compressed(new Uint8Array(20_000_000));
    expect(bomb.length).toBeLessThan(30_000);
    expect(refused(bomb).remedy).toMatch(/maxInflatedBytes/);
    bomb.writeUInt32BE(1000, 2);
    expect(refused(bomb).message).toMatch(/longer than they say/);
  });
});
