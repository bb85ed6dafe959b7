import { describe, expect, it } from "vitest";
import {
  DEFAULT_LIMITS,
  decode,
  EncodeError,
  encode,
  TermReader,
  TermWriter,
} from "../../src/etf/index.ts";
import {
  atom,
  ExternalFun,
  equals,
  Float,
  Fun,
  ImproperList,
  Pid,
  Port,
  Reference,
  type Term,
  TermMap,
  Tuple,
  tuple,
} from "../../src/term/index.ts";
import { CURRENT, OLD } from "./vectors.ts";

const hex = (term: Term) => Buffer.from(encode(term)).toString("hex");
const refused = (term: unknown): EncodeError => {
  try {
    encode(term as Term);
  } catch (error) {
    if (error instanceof EncodeError) return error;
    throw error;
  }
  throw new Error("it was encoded");
};

describe("encoding", () => {
  it.each(CURRENT)("writes $what as nodes do", ({ hex: wanted, term }) => {
    expect(hex(term)).toBe(`83${wanted}`);
  });

  it.each(OLD)("writes in current tags what came as $what", ({ term }) => {
    expect(equals(decode(encode(term)), term)).toBe(true);
  });

  it("writes lists of bytes as STRING up to 65,535 of them", () => {
    expect(encode(new Array<number>(65_535).fill(7))[1]).toBe(107);
    expect(encode(new Array<number>(65_536).fill(7))[1]).toBe(108);
    expect(encode([256])[1]).toBe(108);
  });

  describe("for those that hold 0.0 and -0.0 for the same", () => {
    const old = {
      node: atom("a@b"),
      creation: 5,
      v4: true,
      wide: false,
      signedZeros: false,
      newAtoms: 0,
    };
    const write = (term: Term) => new TermWriter(old).write(term);
    const zeros = (wrap: (zero: Float) => Term): TermMap =>
      new TermMap([
        [atom("a"), 1],
        [wrap(new Float(0)), 2],
        [wrap(new Float(-0)), 3],
      ]);
    const wraps: [string, (zero: Float) => Term][] = [
      ["as they are", (zero) => zero],
      ["in a tuple", (zero) => tuple(1, zero)],
      ["as a value in a map", (zero) => new TermMap([[1, zero]])],
      ["as a key in a map", (zero) => new TermMap([[zero, 1]])],
      ["as the tail of a list", (zero) => new ImproperList([1], zero)],
    ];

    it.each(wraps)("refuses both as keys of one map, %s", (_, wrap) => {
      expect(() => write([atom("b"), zeros(wrap)])).toThrow(
        "a map with two keys that differ only in the sign of zero, at term[1]",
      );
      expect(decode(encode(zeros(wrap)))).toEqual(zeros(wrap));
    });

    it("writes them as values, and as keys of different maps", () => {
      const zero = new TermMap([
        [new Float(-0), new Float(0)],
        [new Float(1), new Float(-0)],
        [0, new Float(0)],
      ]);
      expect(() => write([zero, new TermMap([[new Float(0), 1]])])).not.toThrow();
    });
  });

  it("learns from a node what that node can read", () => {
    const to = {
      node: atom("a@b"),
      creation: 5,
      v4: true,
      wide: false,
      signedZeros: false,
      newAtoms: 0,
    };
    const wide = new Reference(to.node, 5, [1, 2, 3, 4, 5]);
    const write = (term: Term) => new TermWriter(to).write(term);
    const read = (term: Term) =>
      new TermReader(encode(term), 1, DEFAULT_LIMITS, undefined, to).read();
    expect(() => write([wide])).toThrow("which a@b cannot have, at term[0]");
    read(new Reference(atom("c@d"), 5, [1, 2, 3, 4, 5]));
    read(new Pid(to.node, 70_000, 0, 6));
    expect(() => write(new Pid(to.node, 70_000, 0, 5))).toThrow("which a@b cannot have");
    read(wide);
    write([wide, new Pid(to.node, 70_000, 0, 5)]);
    expect(() => write(new Pid(to.node, 2 ** 28, 0, 5))).toThrow("which a@b cannot have");
    write(new Pid(to.node, 2 ** 28, 0, 6));
  });

  it("writes to nodes before OTP 24 what they can read of anybody", () => {
    const to = {
      node: atom("a@b"),
      creation: 5,
      v4: false,
      wide: false,
      signedZeros: false,
      newAtoms: 0,
    };
    const write = (term: Term) => {
      const writer = new TermWriter(to);
      writer.write(term);
      return Buffer.concat(writer.parts());
    };
    const other = atom("c@d");
    expect(write(new Port(other, 7n, 1))[0]).toBe(89);
    expect(() => write(new Port(other, 2n ** 28n, 1))).toThrow("a node before OTP 24, as a@b,");
    expect(() => write(new Pid(other, 2 ** 15, 0, 1))).toThrow("a node before OTP 24, as a@b,");
    expect(() => write(new Reference(other, 1, [1, 2, 3, 4]))).toThrow("a node before OTP 24");
    write([
      new Pid(other, 2 ** 15 - 1, 2 ** 13 - 1, 1),
      new Reference(other, 1, [2 ** 32 - 1, 2, 3]),
    ]);
  });

  it("knows integers by their value", () => {
    expect(hex(5n)).toBe("836105");
    expect(hex(-0)).toBe("836100");
    expect(hex(-(2n ** 31n))).toBe("836280000000");
    expect(hex(Number.MIN_SAFE_INTEGER)).toBe("836e0701ffffffffffff1f");
  });

  it("writes the exact size of a fun, also across chunks and parts", () => {
    const fields = {
      arity: 3,
      unique: new Uint8Array(16),
      index: 1,
      module: atom("m"),
      oldIndex: 1,
      oldUnique: 2,
      creator: new Pid(atom("a@b"), 1, 2, 3),
    };
    for (const size of [0, 100, 400, 450, 460, 500, 5000, 20_000, 100_000]) {
      const fun = new Fun({
        ...fields,
        free: [new Uint8Array(size), new Fun({ ...fields, free: [1] })],
      });
      expect(equals(decode(encode([fun, fun])), [fun, fun])).toBe(true);
    }
  });

  it("hands large binaries on as parts of their own", () => {
    const large = new Uint8Array(100_000);
    const writer = new TermWriter();
    writer.write(tuple(atom("ok"), large));
    expect(writer.parts()).toContain(large);
    expect(writer.byteLength).toBe(100_011);
  });
});

describe("what is no term", () => {
  const node = atom("a@b");

  it.each([
    ["a string", "secret", /JavaScript string/, /binary\(/],
    ["undefined", undefined, /undefined/, /atom\("undefined"\)/],
    ["null", null, /null/, /atom\("nil"\)/],
    ["true", true, /true/, /bool\(true\)/],
    ["a float as a number", 1.5, /no integer/, /new Float/],
    ["NaN", Number.NaN, /no integer/, /NaN/],
    ["an unsafe integer", 2 ** 53, /beyond 2\^53/, /bigint/],
    ["an object", { a: 1 }, /object/, /TermMap/],
    ["a Map", new Map(), /object/, /TermMap/],
    ["a Set", new Set(), /Set/, /array/],
    ["other typed arrays", new Int16Array(2), /Int16Array/, /Uint8Array/],
    ["a date", new Date(), /Date/, /beamctl\/term/],
    ["a function", () => 1, /function/, /beamctl\/term/],
    ["a symbol", Symbol("x"), /symbol/, /beamctl\/term/],
    ["a pid whose node is a string", new Pid("a@b" as never, 1, 2, 3), /string/, /atom/],
    ["a pid out of range", new Pid(node, 2 ** 32, 2, 3), /4294967296/, /a node sent/],
    ["a pid of bigints", new Pid(node, 1n as never, 2, 3), /bigint/, /a node sent/],
    ["a port out of range", new Port(node, 2n ** 64n, 1), /64-bit/, /a node sent/],
    ["a reference out of range", new Reference(node, 1, [1, -1]), /-1/, /a node sent/],
    ["an arity out of range", new ExternalFun(node, node, 256), /arity/, /arity/],
    ["an integer no node has", 1n << (524_280n * 8n), /524281 bytes/, /524280/],
    ["a tuple no node has", new Tuple(new Array(16_777_216)), /16777216/, /16777215/],
    ["an array with a hole", new Array(1), /undefined/, /atom/],
  ])("%s is refused", (_, term, message, remedy) => {
    const error = refused(term);
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(remedy);
    expect(error.code).toBe("BEAM_ENCODE");
    expect(error.message).not.toContain("secret");
  });

  it("is found in the term", () => {
    const path = (term: unknown) => refused(term).path;
    const bad = "x" as never as Term;
    expect(path(bad)).toBe("term");
    expect(path([1, tuple(2, bad)])).toBe("term[1].items[1]");
    expect(path(new TermMap([[atom("a"), [bad]]]))).toBe('term.get(atom("a"))[0]');
    expect(path(new TermMap([[1.5, 1]]))).toBe("term.keys()[0]");
    expect(
      path(
        new TermMap([
          [1, 1],
          [2, bad],
        ]),
      ),
    ).toBe("term.values()[1]");
    expect(path(new ImproperList([[], 1], tuple(bad)))).toBe("term.tail.items[0]");
    expect(path(tuple([[1], [2], 3], bad))).toBe("term.items[1]");
    expect(refused([bad]).message).toMatch(/, at term\[0\]$/);
  });

  it("is a term that contains itself, or is nested deeper than 1000", () => {
    const endless: Term[] = [];
    endless.push(endless);
    expect(refused(endless).message).toMatch(/nested deeper than 1000/);
    expect(refused(endless).path.length).toBeLessThan(300);
    const nested = (depth: number, around: (term: Term) => Term) => {
      let term: Term = atom("x");
      for (let level = 0; level < depth; level++) term = around(term);
      return term;
    };
    for (const around of [
      (term: Term) => tuple(term),
      (term: Term) => [term],
      (term: Term) => new TermMap([[1, term]]),
      (term: Term) => new ImproperList([1], tuple(term)),
    ]) {
      expect(refused(nested(1001, around)).message).toMatch(/deeper/);
    }
    expect(
      equals(
        decode(encode(nested(1000, (term) => [term]))),
        nested(1000, (term) => [term]),
      ),
    ).toBe(true);
  });
});
