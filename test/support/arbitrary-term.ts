/** Random Erlang terms of every kind, for property tests. */

import fc from "fast-check";
import {
  type Atom,
  atom,
  Bitstring,
  charlist,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  Pid,
  Port,
  Reference,
  type Term,
  TermMap,
  Tuple,
} from "../../src/term/index.ts";

/** Every kind of term that {@link arbitraryTerm} makes. */
export const TERM_KINDS = [
  "atom",
  "integer",
  "bigint",
  "float",
  "binary",
  "bitstring",
  "pid",
  "reference",
  "port",
  "external-fun",
  "fun",
  "list",
  "charlist",
  "improper-list",
  "tuple",
  "keyword",
  "map",
  "struct",
] as const;

export type TermKind = (typeof TERM_KINDS)[number];

export interface ArbitraryTermOptions {
  /** Only these kinds, also inside of others. Default: all. */
  kinds?: readonly TermKind[];
  /** All but these kinds. */
  without?: readonly TermKind[];
  /** Pids, references and ports are all of this node and creation. Default: of any node. */
  home?: { node: string; creation: number };
  /** How deep terms nest. Default 4. */
  maxDepth?: number;
}

const WORDS = [
  "ok",
  "error",
  "nil",
  "true",
  "false",
  "undefined",
  "",
  "a b",
  "Elixir.Shop.Counter",
];
const MORE_WORDS = [
  "Elixir",
  "Elixir.foo",
  "Elixir.A..B",
  "fun",
  "end",
  "maybe",
  "Foo",
  "_x",
  "a@b",
];
const SIGNS = [
  "+",
  "::",
  "{}",
  "<<>>",
  "%{}",
  "..",
  "..//",
  ".",
  "\\",
  "'",
  '"',
  "#{}",
  "ok?",
  "ok!",
];
const FLOATS = [0, -0, 1, -1, 0.1, 1e5, 1e15, 1e16, 1e21, 1e22, 1e30, 1e-7, 5e-324, 2 ** 53];
const u32: fc.Arbitrary<number> = fc.nat({ max: 0xffffffff });

/** Well-formed text: `fullUnicode` of fast-check, with control characters and quotes more often. */
const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.string({ maxLength }),
      fc.string({ unit: "binary", maxLength }),
      fc.string({
        unit: fc.constantFrom(
          ..."\"'\\#{}\n\t\0\x1b\x7f\x80\u00e9\u202e\u00ad\u{1f600}\u{e0041}\ufeff",
        ),
        maxLength,
      }),
    )
    .filter((text) => !/\p{Surrogate}/u.test(text));

export const arbitraryAtom: fc.Arbitrary<Atom> = fc.oneof(
  fc.constantFrom(...WORDS, ...MORE_WORDS, ...SIGNS).map(atom),
  fc.stringMatching(/^[a-z][a-zA-Z0-9_@]{0,12}[?!]?$/).map(atom),
  fc.stringMatching(/^(Elixir\.)?[A-Z][a-z]{0,4}(\.[A-Z][a-z0-9_]{0,4}){0,2}$/).map(atom),
  anyText(20).map(atom),
);

const integer = fc.oneof(fc.integer({ min: -3, max: 300 }), fc.integer(), fc.maxSafeInteger());
const bigInteger = fc
  .oneof(
    fc.bigInt({ min: -(1n << 70n), max: 1n << 70n }),
    fc.bigInt({ min: -(1n << 2100n), max: 1n << 2100n }),
  )
  .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));
const float = fc
  .oneof(fc.constantFrom(...FLOATS), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((value) => new Float(value));
const bytes = fc.uint8Array({ maxLength: 40 });
const arbitraryBinary = fc.oneof(
  bytes,
  anyText(20).map((text) => new TextEncoder().encode(text)),
);
const bitstring = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 7 }))
  .map(([data, bits]) => {
    data[data.length - 1]! &= 0xff << (8 - bits);
    return new Bitstring(data, bits);
  });
const externalFun = fc
  .tuple(arbitraryAtom, arbitraryAtom, fc.nat({ max: 255 }))
  .map(([module, name, arity]) => new ExternalFun(module, name, arity));

/** Any node and creation, or always the same ones. */
function origin(home: ArbitraryTermOptions["home"]): fc.Arbitrary<[Atom, number]> {
  if (home !== undefined) return fc.constant([atom(home.node), home.creation]);
  const names = fc.constantFrom("shop@host", "a@10.0.0.7", "nonode@nohost").map(atom);
  return fc.tuple(names, fc.oneof(fc.constantFrom(0, 1, 2, 3), u32));
}

/** Any term, or any term of the wished kinds. */
export function arbitraryTerm(options: ArbitraryTermOptions = {}): fc.Arbitrary<Term> {
  const { without = [], maxDepth = 4 } = options;
  const kinds = (options.kinds ?? TERM_KINDS).filter((kind) => !without.includes(kind));
  const from = origin(options.home);
  const pid = fc
    .tuple(from, u32, u32)
    .map(([[node, creation], id, serial]) => new Pid(node, id, serial, creation));
  const reference = fc
    .tuple(from, fc.array(u32, { minLength: 1, maxLength: 5 }))
    .map(([[node, creation], ids]) => new Reference(node, creation, ids));
  const port = fc
    .tuple(from, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }))
    .map(([[node, creation], id]) => new Port(node, id, creation));

  const { term } = fc.letrec<{ term: Term }>((tie) => {
    const any = tie("term");
    const few = fc.array(any, { maxLength: 5 });
    const some = fc.array(any, { minLength: 1, maxLength: 4 });
    const key = arbitraryAtom.filter((made) => made.name !== "__struct__");
    const keyed = fc.array(fc.tuple(key, any), { maxLength: 4 });
    const makers: Record<TermKind, fc.Arbitrary<Term>> = {
      atom: arbitraryAtom,
      integer,
      bigint: bigInteger,
      float,
      binary: arbitraryBinary,
      bitstring,
      pid,
      reference,
      port,
      "external-fun": externalFun,
      fun: closure(pid, few),
      list: few,
      charlist: anyText(20).map(charlist),
      "improper-list": fc
        .tuple(some, any)
        .filter(([, tail]) => !Array.isArray(tail) && !(tail instanceof ImproperList))
        .map(([items, tail]) => new ImproperList(items, tail)),
      tuple: few.map((items) => new Tuple(items)),
      keyword: keyed.map((pairs) => pairs.map((pair) => new Tuple(pair))),
      map: fc
        .oneof(keyed, fc.array(fc.tuple(any, any), { maxLength: 4 }))
        .map((pairs) => new TermMap(pairs)),
      struct: fc.tuple(arbitraryAtom, keyed).map(([name, pairs]) => {
        return new TermMap([[atom("__struct__"), name], ...pairs]);
      }),
    };
    const nested: readonly TermKind[] = TERM_KINDS.slice(TERM_KINDS.indexOf("fun"));
    const leaves = kinds.filter((kind) => !nested.includes(kind) || kind === "charlist");
    const branches = kinds.filter((kind) => !leaves.includes(kind));
    // Without any leaf the empty list ends the nesting.
    const flat = leaves.length > 0 ? leaves.map((kind) => makers[kind]) : [fc.constant([])];
    return {
      term: fc.oneof(
        { maxDepth, depthSize: "small" },
        fc.oneof(...flat),
        ...branches.map((kind) => makers[kind]),
      ),
    };
  });
  return term;
}

function closure(pid: fc.Arbitrary<Pid>, free: fc.Arbitrary<Term[]>): fc.Arbitrary<Fun> {
  return fc
    .record({
      arity: fc.nat({ max: 255 }),
      unique: fc.uint8Array({ minLength: 16, maxLength: 16 }),
      index: u32,
      module: arbitraryAtom,
      oldIndex: fc.nat({ max: 0x7fffffff }),
      oldUnique: fc.nat({ max: 0x7fffffff }),
      creator: pid,
      free,
    })
    .map((fields) => new Fun(fields));
}
