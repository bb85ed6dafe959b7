import { describe, expect, it } from "vitest";
import {
  atom,
  Bitstring,
  binary,
  charlist,
  ExternalFun,
  equals,
  Float,
  ImproperList,
  inspect,
  Pid,
  Port,
  parse,
  Reference,
  type Term,
  TermMap,
  TermSyntaxError,
  tuple,
} from "../../src/term/index.ts";

const home = { node: "shop@10.0.0.7", creation: 7 };
const node = atom(home.node);

const elixir: [string, Term][] = [
  ["1_000", 1000],
  ["-0xFF", -255],
  ["0b101", 5],
  ["0o17", 15],
  ["?a", 97],
  ["?\\n", 10],
  ["9007199254740993", 9007199254740993n],
  ["-0", 0],
  ["1.5e-3", new Float(0.0015)],
  ["-0.0", new Float(-0)],
  ['"a\\x41\\u00e9\\u{1F600}\\#{"', binary("aAé😀#{")],
  ['"\\xFF"', Uint8Array.of(255)],
  ['"#hash"', binary("#hash")],
  ["~c(a)", charlist("a")],
  ["~s|a|", binary("a")],
  ["'old'", charlist("old")],
  [":'a b'", atom("a b")],
  [":<>", atom("<>")],
  ["MyApp.Repo", atom("Elixir.MyApp.Repo")],
  ["Elixir.MyApp", atom("Elixir.MyApp")],
  ["[a: 1, b?: 2]", [tuple(atom("a"), 1), tuple(atom("b?"), 2)]],
  ["[1, a: 2]", [1, tuple(atom("a"), 2)]],
  ["{:ok, a: 1}", tuple(atom("ok"), [tuple(atom("a"), 1)])],
  ["[1 | [2, 3]]", [1, 2, 3]],
  ["[1 | [2 | 3]]", new ImproperList([1, 2], 3)],
  ["[ 1 , 2 , ]", [1, 2]],
  [
    '%{"k" => 1, a: 2}',
    new TermMap([
      [binary("k"), 1],
      [atom("a"), 2],
    ]),
  ],
  ["%{a: 1, a: 2}", new TermMap([[atom("a"), 2]])],
  ["%A.B{}", new TermMap([[atom("__struct__"), atom("Elixir.A.B")]])],
  [
    '<<1, 2::size(3), "a", 1.0::float-size(32)>>',
    new Bitstring(Uint8Array.of(1, 0x4c, 0x27, 0xf0, 0, 0, 0), 3),
  ],
  ['<<"é"::utf16, 513::16-little, <<7>>::binary>>', Uint8Array.of(0, 0xe9, 1, 2, 7)],
  ["&Enum.map/2", new ExternalFun(atom("Elixir.Enum"), atom("map"), 2)],
  ["&:erlang.//2", new ExternalFun(atom("erlang"), atom("/"), 2)],
  ["#PID<0.512.0>", new Pid(node, 512, 0, 7)],
  ["<0.512.0>", new Pid(node, 512, 0, 7)],
  ["#PID<shop@10.0.0.7.512.0>", new Pid(node, 512, 0, 7)],
  ["#Port<0.18446744073709551615>", new Port(node, 2n ** 64n - 1n, 7)],
  ["#Reference<0.1.2.3>", new Reference(node, 7, [3, 2, 1])],
  [" # comment\n :ok # more", atom("ok")],
];

const erlang: [string, Term][] = [
  ["16#fF", 255],
  ["36#zz", 1295],
  ["-1_000.", -1000],
  ["$a", 97],
  ["$\\n", 10],
  ["1.0e3", new Float(1000)],
  ["ok.", atom("ok")],
  ["'a b'", atom("a b")],
  ['"abc" "def"', charlist("abcdef")],
  ['"\\x{e9}\\xe9\\351\\^A\\s"', [233, 233, 233, 1, 32]],
  ['~"é"', binary("é")],
  ["<<1,2:3>>", new Bitstring(Uint8Array.of(1, 0x40), 3)],
  ['<<"é">>', Uint8Array.of(233)],
  ['<<"é"/utf8>>', binary("é")],
  ["<<1:4/unit:4>>", Uint8Array.of(0, 1)],
  ["<<2748:12/little>>", new Bitstring(Uint8Array.of(0xbc, 0xa0), 4)],
  ["[1,2|3]", new ImproperList([1, 2], 3)],
  [
    '#{a => 1, "b" => #{}}',
    new TermMap([
      [atom("a"), 1],
      [charlist("b"), new TermMap()],
    ]),
  ],
  ["fun lists:map/2", new ExternalFun(atom("lists"), atom("map"), 2)],
  ["fun 'Elixir.Enum':'+'/2", new ExternalFun(atom("Elixir.Enum"), atom("+"), 2)],
  ["function", atom("function")],
  ["<0.1.2>", new Pid(node, 1, 2, 7)],
  ["#Ref<0.1.2.3>", new Reference(node, 7, [3, 2, 1])],
  ["{ok, % comment\n []} .\n", tuple(atom("ok"), [])],
];

const wrongElixir: [string, number, RegExp][] = [
  ["", 0, /expected a term, found the end/],
  ["{:ok, 1; 2}", 7, /expected "," or "}", found "; 2}" after "\{:ok, 1"/],
  ["[1, 2", 5, /expected "," or "]"/],
  ["[1 | ]", 5, /expected a term/],
  ["foo", 0, /expected a term/],
  ["foo(1)", 0, /expected a term/],
  ["1 + 2", 2, /the end of the term/],
  ['"abc', 4, /the closing "/],
  ['"a#{b}"', 3, /without interpolation/],
  ["1__0", 0, /underscores/],
  ["1.0e999", 0, /64 bits/],
  ["1e5", 1, /fraction/],
  ["[a: 1, 2]", 7, /key: value/],
  ["%{1}", 3, /"=>"/],
  [":", 1, /name of an atom/],
  [`:"${"a".repeat(256)}"`, 0, /255 characters/],
  [':"\\xFF"', 2, /UTF-8/],
  ["<<1.0::8>>", 2, /32 or 64 bits/],
  ["<<1.0::integer>>", 2, /an integer/],
  ["<<1::999999999>>", 2, /at most/],
  ["&1", 0, /expected a term/],
  ["#Function<1.2/1 in A>", 0, /expected a term/],
  ["#PID<17956.1.2>", 0, /numbers of shop@10.0.0.7/],
  ["#PID<0.1.4294967296>", 0, /as many numbers/],
];

const wrongErlang: [string, number, RegExp][] = [
  ["Var", 0, /not a variable/],
  ["end", 0, /expected a term/],
  ["fun foo/1", 7, /expected ":"/],
  ["37#1", 0, /base from 2 to 36/],
  ["2#12", 0, /digits of base 2/],
  ["#{a := 1}", 4, /"=>"/],
  ["ok. ok", 4, /the end of the term/],
  ["'abc", 4, /the closing '/],
  ["#rec{}", 0, /expected a term/],
];

describe.each([
  ["elixir" as const, elixir, wrongElixir],
  ["erlang" as const, erlang, wrongErlang],
])("parse %s", (syntax, right, wrong) => {
  it.each(right)("reads %s", (source, term) => {
    const read = parse(source, { syntax, ...home });
    expect(equals(read, term), inspect(read)).toBe(true);
  });

  it.each(wrong)("refuses %s at %i", (source, offset, message) => {
    const error = refused(source, { syntax, ...home });
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ offset, code: "BEAM_SYNTAX", remedy: expect.any(String) });
  });

  it("refuses what is nested too deeply", () => {
    expect(refused("{".repeat(100_000), { syntax }).offset).toBe(513);
  });
});

describe("the remedy", () => {
  it("says how the value would be written", () => {
    expect(refused("foo").remedy).toBe("write :foo for the atom");
    expect(refused("end", { syntax: "erlang" }).remedy).toBe("write 'end' for the atom");
    expect(refused("#PID<0.1.2>").remedy).toContain("connect to it first");
    expect(refused("#Function<1.2/1 in A>").remedy).toBe("a closure cannot be written");
  });
});

function refused(source: string, options: Parameters<typeof parse>[1] = {}): TermSyntaxError {
  try {
    parse(source, options);
  } catch (error) {
    if (error instanceof TermSyntaxError) return error;
    throw error;
  }
  throw new Error(`no error for ${source}`);
}

describe("variables", () => {
  const variable = (name: string): Term => atom(`is ${name}`);
  const hole = (number: number) => `$\{${number}}`;
  const is = (name: string) => atom(`is ${name}`);

  it.each<[string, "elixir" | "erlang", Term]>([
    [
      "{x, _, _y, nilly, größe?}",
      "elixir",
      tuple(is("x"), is("_"), is("_y"), is("nilly"), is("größe?")),
    ],
    ["[x | rest]", "elixir", new ImproperList([is("x")], is("rest"))],
    [
      "%{a: x, nil => true}",
      "elixir",
      new TermMap([
        [atom("a"), is("x")],
        [atom("nil"), atom("true")],
      ]),
    ],
    [`{${hole(0)}, Shop}`, "elixir", tuple(is(hole(0)), atom("Elixir.Shop"))],
    [`{X, _, x, $x, ${hole(12)}}`, "erlang", tuple(is("X"), is("_"), atom("x"), 120, is(hole(12)))],
    [
      "#{a := X, b => _}",
      "erlang",
      new TermMap([
        [atom("a"), is("X")],
        [atom("b"), is("_")],
      ]),
    ],
  ])("%s in %s", (source, syntax, expected) => {
    expect(equals(parse(source, { syntax, variable }), expected)).toBe(true);
  });

  it("are errors without the option, and words of the language with it", () => {
    expect(() => parse("x")).toThrow(TermSyntaxError);
    expect(() => parse("{X}", { syntax: "erlang" })).toThrow("not a variable");
    expect(() => parse("#{a := 1}", { syntax: "erlang" })).toThrow(TermSyntaxError);
    expect(() => parse("fn", { variable })).toThrow(TermSyntaxError);
    expect(() => parse("f(x)", { variable })).toThrow("the end of the term");
  });
});
