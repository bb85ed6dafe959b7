import { inspect as format } from "node:util";
import { describe, expect, it } from "vitest";
import {
  atom,
  Bitstring,
  binary,
  charlist,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  inspect,
  Pid,
  Port,
  Reference,
  type Term,
  TermMap,
  tuple,
} from "../../src/term/index.ts";

const here = atom("shop@host");
const there = atom("other@10.0.0.7");
const map = (...pairs: [Term, Term][]) => new TermMap(pairs);
const float = (value: number) => new Float(value);
const counter = map([atom("__struct__"), atom("Elixir.Shop.Counter")], [atom("n"), 1]);
const closure = new Fun({
  arity: 1,
  unique: new Uint8Array(16),
  index: 1,
  module: atom("erl_eval"),
  oldIndex: 42,
  oldUnique: 3316493,
  creator: new Pid(here, 1, 0, 1),
  free: [],
});

// Printed by Elixir 1.18 and by OTP 27 (`~tp`) for the same terms.
const cases: [Term, string, string][] = [
  [atom("ok"), ":ok", "ok"],
  [atom("nil"), "nil", "nil"],
  [atom("true"), "true", "true"],
  [atom(""), ':""', "''"],
  [atom("a b"), ':"a b"', "'a b'"],
  [atom("a@b"), ":a@b", "a@b"],
  [atom("ok?"), ":ok?", "'ok?'"],
  [atom("Foo"), ":Foo", "'Foo'"],
  [atom("_x"), ":_x", "'_x'"],
  [atom("é"), ":é", "é"],
  [atom("end"), ":end", "'end'"],
  [atom("maybe"), ":maybe", "'maybe'"],
  [atom("a'b\"c\\"), ':"a\'b\\"c\\\\"', "'a\\'b\"c\\\\'"],
  [atom("\0\x01\n\x7f"), ':"\\0\\x01\\n\\d"', "'\\000\\001\\n\\d'"],
  [atom("+"), ":+", "'+'"],
  [atom("..//"), ":..//", "'..//'"],
  [atom("::"), ':"::"', "'::'"],
  [atom("Elixir"), "Elixir", "'Elixir'"],
  [atom("Elixir.MyApp.Repo"), "MyApp.Repo", "'Elixir.MyApp.Repo'"],
  [atom("Elixir.Elixir.Foo"), "Elixir.Elixir.Foo", "'Elixir.Elixir.Foo'"],
  [atom("Elixir.foo"), ':"Elixir.foo"', "'Elixir.foo'"],
  [12345678901234567890n, "12345678901234567890", "12345678901234567890"],
  [float(1), "1.0", "1.0"],
  [float(-0), "-0.0", "-0.0"],
  [float(1e5), "100000.0", "1.0e5"],
  [float(123456), "123456.0", "123456.0"],
  [float(2 ** 53), "9007199254740992.0", "9.007199254740992e15"],
  [float(1e16), "1.0e16", "1.0e16"],
  [float(1e30), "1.0e30", "1.0e30"],
  [float(0.0001), "0.0001", "0.0001"],
  [float(0.00012), "1.2e-4", "1.2e-4"],
  [binary("text"), '"text"', '<<"text">>'],
  [binary(""), '""', "<<>>"],
  [binary('a"\\#{x}#\n'), '"a\\"\\\\\\#{x}#\\n"', '<<"a\\"\\\\#{x}#\\n">>'],
  [binary("é"), '"é"', '<<"é"/utf8>>'],
  [binary("\x07\x7f"), '"\\a\\d"', "<<7,127>>"],
  [binary("\u202e"), '"\\u202E"', '<<"\\x{202E}"/utf8>>'],
  [Uint8Array.of(1, 2, 3), "<<1, 2, 3>>", "<<1,2,3>>"],
  [Uint8Array.of(233), "<<233>>", '<<"é">>'],
  [new Bitstring(Uint8Array.of(1, 0x40), 3), "<<1, 2::size(3)>>", "<<1,2:3>>"],
  [charlist("chars"), '~c"chars"', '"chars"'],
  [charlist('a"#{'), '~c"a\\"\\#{"', '"a\\"#{"'],
  [charlist("é"), "[233]", '"é"'],
  [[7, 8], '~c"\\a\\b"', "[7,8]"],
  [[0], "[0]", "[0]"],
  [[], "[]", "[]"],
  [[tuple(atom("a"), 1), tuple(atom("b c"), 2)], '[a: 1, "b c": 2]', "[{a,1},{'b c',2}]"],
  [[tuple(atom("Elixir.Foo"), 1)], "[{Foo, 1}]", "[{'Elixir.Foo',1}]"],
  [[tuple(atom("a"), 1), 2], "[{:a, 1}, 2]", "[{a,1},2]"],
  [new ImproperList([1, 2], 3), "[1, 2 | 3]", "[1,2|3]"],
  [tuple(atom("error"), atom("nodedown")), "{:error, :nodedown}", "{error,nodedown}"],
  [map([atom("count"), 3]), "%{count: 3}", "#{count => 3}"],
  [map([binary("k"), 1]), '%{"k" => 1}', '#{<<"k">> => 1}'],
  [map([atom("a"), 1], [2, 3]), "%{:a => 1, 2 => 3}", "#{a => 1,2 => 3}"],
  [counter, "%Shop.Counter{n: 1}", "#{'__struct__' => 'Elixir.Shop.Counter',n => 1}"],
  [new Pid(here, 512, 0, 1), "#PID<0.512.0>", "<0.512.0>"],
  [new Pid(there, 38, 1, 1), "#PID<other@10.0.0.7.38.1>", "<other@10.0.0.7.38.1>"],
  [new Pid(atom("a\x1b[2J@h"), 1, 2, 1), "#PID<'a\\e[2J@h'.1.2>", "<'a\\e[2J@h'.1.2>"],
  [new Port(here, 5n, 1), "#Port<0.5>", "#Port<0.5>"],
  [new Reference(here, 1, [3, 2, 1]), "#Reference<0.1.2.3>", "#Ref<0.1.2.3>"],
  [new ExternalFun(atom("Elixir.Enum"), atom("map"), 2), "&Enum.map/2", "fun 'Elixir.Enum':map/2"],
  [new ExternalFun(atom("erlang"), atom("+"), 2), "&:erlang.+/2", "fun erlang:'+'/2"],
  [new ExternalFun(atom("a b"), atom("c d"), 1), '&:"a b"."c d"/1', "fun 'a b':'c d'/1"],
  [closure, "#Function<42.3316493/1 in :erl_eval>", "#Fun<erl_eval.42.3316493>"],
];

describe("inspect", () => {
  it.each(cases)("prints case %#: %s", (term, elixir, erlang) => {
    expect(inspect(term, { node: here.name })).toBe(elixir);
    expect(inspect(term, { node: here.name, syntax: "erlang" })).toBe(erlang);
  });

  it("shows no node when it does not know which one is looked at", () => {
    expect(inspect(new Pid(there, 38, 1, 1))).toBe("#PID<0.38.1>");
  });

  it("cuts to the limit, nested things first, as IEx does", () => {
    const numbers = [1000, 1001, 1002, 1003];
    expect(inspect(numbers, { limit: 2 })).toBe("[1000, 1001, ...]");
    expect(inspect(numbers, { limit: 2, syntax: "erlang" })).toBe("[1000,1001|...]");
    expect(inspect(tuple(1, 2, 3), { limit: 2 })).toBe("{1, 2, ...}");
    expect(inspect(map([1, 1], [2, 2]), { limit: 1, syntax: "erlang" })).toBe("#{1 => 1,...}");
    expect(inspect(new ImproperList([1, 2], 3), { limit: 2 })).toBe("[1, 2 | 3]");
    expect(inspect(new ImproperList([1, 2], 3), { limit: 1 })).toBe("[1, ...]");
    expect(inspect(Uint8Array.of(200, 2, 3), { limit: 2 })).toBe("<<200, 2, ...>>");
    const rows = [[1, 2, 3], [1, 2, 3], [1, 2, 3], 4];
    expect(inspect(rows, { limit: 3 })).toBe("[[1, 2, ...], [1, ...], [...], ...]");
  });

  it("cuts long text where a limit is set, between two characters", () => {
    const long = binary(`a${"😀".repeat(3000)}`);
    expect(inspect(long, { limit: 5 })).toBe(`"a${"😀".repeat(2047)}" <> ...`);
    expect(inspect(long)).toHaveLength(6003);
  });

  it("is how Node prints terms, also inside of objects", () => {
    expect(format({ a: tuple(atom("ok"), 1) })).toBe("{ a: {:ok, 1} }");
    expect(format([atom("a b"), counter])).toBe('[ :"a b", %Shop.Counter{n: 1} ]');
  });

  it("wraps to the width", () => {
    const term = tuple(
      atom("ok"),
      map([atom("name"), binary("shop")], [atom("ids"), [1000, 2000]]),
    );
    expect(inspect(term, { width: 30 })).toBe(
      '{:ok,\n %{\n   name: "shop",\n   ids: [1000, 2000]\n }}',
    );
    expect(inspect([1000, 1001, 1002, 1003], { width: 14 })).toBe("[1000, 1001,\n 1002, 1003]");
    expect(inspect(term, { width: 80 })).not.toContain("\n");
  });

  it("prints what is nested too deeply as dots", () => {
    let deep: Term = [];
    for (let level = 0; level < 100_000; level++) deep = tuple(deep);
    expect(inspect(deep, { width: 80 })).toBe(`${"{".repeat(512)}...${"}".repeat(512)}`);
  });
});
