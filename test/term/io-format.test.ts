/** `ioFormat()`: texts that `io_lib:format/2` of OTP 27 made of the same formats and arguments, faults and bounds. */

import { describe, expect, it } from "vitest";
import { LimitError, UsageError } from "../../src/errors.ts";
import { atom, binary, charlist, Pid, parse, type Term } from "../../src/term/index.ts";
import { ioFormat } from "../../src/term/io-format.ts";

const format = (text: string, args: string): string =>
  ioFormat(charlist(text), parse(args, { syntax: "erlang" }) as readonly Term[]);

// Format, arguments in Erlang syntax, and what OTP 27 answered.
const cases: [string, string, string][] = [
  ["~~ ~5~ ~.3~ ~8.3.x~ ~-8.3.x~", "[]", "~ ~~~~~ ~~~ xxxxx~~~ ~~~xxxxx"],
  ["~n~3n~0n|", "[]", "\n\n\n\n|"],
  ["~c~3c~.2c ~5.2c ~-5.2.-c|", "[97,98,99,100,101]", "abbbcc    dd ee---|"],
  ["~c ~tc ~c ~c", "[1080,1080,-1,123456789012345678901234567890]", "8 и ÿ Ò"],
  ["~*c|~-*c|~.*c|", "[3,97,3,98,2,99]", "aaa|bbb|cc|"],
  ["~s ~s ~s ~s", '["abc",<<"abc">>,abc,["a",[<<"b">>|<<"c">>]]]', "abc abc abc abc"],
  ["~s|~ts|~s|~ts", '[<<"é"/utf8>>,<<"é"/utf8>>,<<233>>,<<233>>]', "Ã©|é|é|é"],
  ["~ts ~ts", '[\'привет\',["п",<<"é"/utf8>>,<<233>>,8364]]', "привет пéé€"],
  [
    "~10s|~-10s|~10.2s|~-10.2s|~.2s|~2s|~.5s|",
    '["abc","abc","abc","abc","abc","abc","abc"]',
    "       abc|abc       |        ab|ab        |ab|ab|abc  |",
  ],
  [
    "~5.5s|~-5.5s|~10.5.*s|~.0s|~0s|",
    '["abc","abc",95,"abc","abc","abc"]',
    "  abc|abc  |_____abc__|||",
  ],
  ["~*s|~-*s|", '[-5,"ab",-5,"ab"]', "ab   |   ab|"],
  ["~5.3ts|~3ts|~.1ts|", "[[101,769,102,103,104],[101,769],[101,769,102]]", "  éfg|  é|é|"],
  ["~3s|~3ts|", '["\\r\\nabc",[13,10,97,1080,98]]', "\r\na|\r\naи|"],
  ["~w ~w ~w ~w ~w", '["abc",<<"ab">>,\'a b\',[],{}]', "[97,98,99] <<97,98>> 'a b' [] {}"],
  ["~w ~w ~w", "[[1,[2|3]|4],{a,1.5,-7},#{a=>[b]}]", "[1,[2|3]|4] {a,1.5,-7} #{a => [b]}"],
  [
    "~10w|~-10w|~.3w|~10.3w|~10.20w|~2w|",
    "[abc,abc,abcdef,abcdef,abcdef,abc]",
    "       abc|abc       |***|       ***|    abcdef|**|",
  ],
  [
    "~w ~tw ~p ~tp",
    "['привет','привет','привет','привет']",
    "'\\x{43F}\\x{440}\\x{438}\\x{432}\\x{435}\\x{442}' 'привет' '\\x{43F}\\x{440}\\x{438}\\x{432}\\x{435}\\x{442}' 'привет'",
  ],
  ["~p ~p ~p ~p", '["abc",[97|98],[0,97],"é"]', '"abc" [97|98] [0,97] "é"'],
  ["~p ~tp ~p ~tp", '["п","п",<<"п"/utf8>>,<<"п"/utf8>>]', '[1087] [1087] <<"Ð¿">> <<208,191>>'],
  [
    "~p ~tp ~tp ~p",
    '[<<"é"/utf8>>,<<"é"/utf8>>,<<233>>,<<233>>]',
    '<<"Ã©">> <<"é"/utf8>> <<"é">> <<"é">>',
  ],
  ["~p ~p ~p ~p", '[<<>>,<<0,1>>,<<1:1>>,<<"ab",5:3>>]', "<<>> <<0,1>> <<1:1>> <<97,98,5:3>>"],
  [
    "~p ~tp",
    "['a\\x{a0}\\x{ad}\\e\\0\\x{80}\\x{200b}','a\\x{a0}\\x{ad}\\e\\0\\x{80}\\x{200b}']",
    "'a\xa0\xad\\e\\000\\200\\x{200B}' 'a\xa0\xad\\e\\000\\200\u200b'",
  ],
  [
    "~p",
    '["\\"quoted\\\\\\" \\t\\n\\r\\v\\b\\f\\e \'it\'"]',
    '"\\"quoted\\\\\\" \\t\\n\\r\\v\\b\\f\\e \'it\'"',
  ],
  [
    "~lp ~lw ~lp ~tlp",
    '["abc","abc",<<"abc">>,["abc"]]',
    "[97,98,99] [97,98,99] <<97,98,99>> [[97,98,99]]",
  ],
  [
    "~kp ~kw",
    '[#{b=>1,a=>2},#{1.0=>a,2=>b,1=>c,{}=>d,[]=>e,"x"=>f,<<>>=>g,#{}=>h}]',
    "#{a => 2,b => 1} #{1 => c,2 => b,1.0 => a,{} => d,#{} => h,[] => e,[120] => f,<<>> => g}",
  ],
  [
    "~Kp ~Kp ~Kw",
    "[reversed,#{b=>1,a=>2},ordered,#{b=>1,a=>2},undefined,#{a=>1}]",
    "#{b => 1,a => 2} #{a => 2,b => 1} #{a => 1}",
  ],
  [
    "~ktlp",
    '[#{{1,"b"}=>#{b=>1,a=>2},{1,"a"}=>"п"}]',
    "#{{1,[97]} => [1087],{1,[98]} => #{a => 2,b => 1}}",
  ],
  [
    "~p ~p ~p ~p ~p",
    "['if','Abc','',ok@home,'hello world']",
    "'if' 'Abc' '' ok@home 'hello world'",
  ],
  [
    "~p ~p ~p ~p",
    "[1.0,1.0e22,-0.0,123456789012345678901234567890]",
    "1.0 1.0e22 -0.0 123456789012345678901234567890",
  ],
  [
    "~80p|~0p",
    "[[a,b],[1000000000,2000000000,3000000000,4000000000,5000000000,6000000000,7000000000,8000000000]]",
    "[a,b]|[1000000000,2000000000,3000000000,4000000000,5000000000,6000000000,7000000000,8000000000]",
  ],
  [
    "~W ~W ~W ~W ~W",
    "[[1,2,3],0,[1,2,3],1,[1,2,3],2,[1,2,3],3,[1,2,3],4]",
    "... [...] [1|...] [1,2|...] [1,2,3]",
  ],
  ["~W ~W ~W", "[{1,{2,{3}}},2,{1,{2,{3}}},3,{1,{2,{3}}},4]", "{1,...} {1,{...}} {1,{2,...}}"],
  [
    "~W ~P ~W ~P",
    "[[1,2|3],3,[1,2|3],3,[1,2|3],4,[1,2|3],4]",
    "[1,2|...] [1,2|...] [1,2|3] [1,2|3]",
  ],
  [
    "~W ~P ~W ~P",
    "[#{a=>{1}},1,#{a=>{1}},1,#{a=>{1}},2,#{a=>{1}},2]",
    "#{} #{...} #{a => {...},...} #{a => {...}}",
  ],
  [
    "~W ~W ~P ~P ~kP",
    "[#{},1,<<1,2,3>>,2,#{},1,<<>>,1,#{a=>1,b=>2,c=>3},3]",
    "#{} <<1,...>> #{} <<>> #{a => 1,b => 2,...}",
  ],
  [
    "~P ~P ~P ~P",
    '[<<"abcdefghijkl">>,1,<<"abcdefghijkl">>,2,<<"abcdefghijkl">>,3,<<"abcdefghijkl">>,4]',
    '<<...>> <<"abcd"...>> <<"abcdefgh"...>> <<"abcdefghijkl">>',
  ],
  [
    "~P ~P ~P ~P",
    '[<<"ab",0,"defgh">>,3,<<"a",0,"defgh">>,3,<<1,2,3>>,3,"abcdefgh",2]',
    '<<"ab"...>> <<97,0,...>> <<1,2,...>> "abcdefgh"',
  ],
  [
    "~tP ~tP ~tP",
    '[<<"éabcdefghk"/utf8>>,3,<<"éééééé"/utf8>>,2,<<"привет"/utf8>>,3]',
    '<<"éabcdefg"/utf8...>> <<"éééé"/utf8...>> <<208,191,...>>',
  ],
  ["~P ~P ~10W|", '[[1,2,3],-1,"abc",1,[1,2,3],2]', "[1,2,3] [...]    [1|...]|"],
  [
    "~b ~B ~.16b ~.16B ~.2b ~.36B",
    "[-31,-31,-31,-31,5,12345678901234567890]",
    "-31 -31 -1f -1F 101 2LSOHXAWJUI8I",
  ],
  [
    "~5b|~-5b|~5..0b|~2b|~-10.16.*B|",
    "[31,31,-31,12345,95,255]",
    "   31|31   |00-31|**|FF________|",
  ],
  [
    "~x ~X ~.16x ~.16X ~.16x",
    '[31,"0x",-31,\'0X\',31,"0x",-31,["0",["x"]],5,[]]',
    "0x31 -0X31 0x1f -0x1F 5",
  ],
  ["~10.16x|~-10.16.0x|~3.16x|", '[255,"0x",255,"0x",255,"0x"]', "      0xff|0xff000000|***|"],
  ["~+ ~# ~.16+ ~.16# ~10.16+|", "[31,-31,31,-31,-31]", "10#31 -10#31 16#1f -16#1F     -16#1f|"],
  ["~f ~e ~g", "[3.14159265,3.14159265,3.14159265]", "3.141593 3.14159e+0 3.14159"],
  ["~f ~e ~g", "[-0.0,0.0,-1.0e-10]", "-0.000000 0.00000e+0 -1.00000e-10"],
  [
    "~.1f ~.3f ~.10f ~.25f",
    "[2.25,2.0005,0.1,0.1]",
    "2.3 2.001 0.1000000000 0.1000000000000000055510000",
  ],
  [
    "~.2e ~.3e ~.10e ~.25e",
    "[9.96,9.995,0.1,0.1]",
    "1.0e+1 9.99e+0 1.000000000e-1 1.000000000000000055510000e-1",
  ],
  [
    "~.1g ~.1g ~.2g ~.3g ~.4g ~.10g",
    "[0.5,5.0,5.0,55.5,5555.5,1.0e5]",
    "0.5 5.0e+0 5.0 55.5 5.556e+3 1.000000000e+5",
  ],
  [
    "~g ~g ~g ~g ~g",
    "[0.1,0.09,9999.0,10000.0,1.5]",
    "0.100000 9.00000e-2 9999.00 1.00000e+4 1.50000",
  ],
  [
    "~10.2f|~-10.2f|~4.2f|~3.2f|~10.3.0e|~12g|",
    "[3.14159,3.14159,3.14159,3.14159,3.14159,3.14159]",
    "      3.14|3.14      |3.14|***|0003.14e+0|     3.14159|",
  ],
  ["~f ~f", "[1.0e25,9.9999999]", "10000000000000000906000000.000000 10.000000"],
  [
    "~.21e ~.20f",
    "[2.3283064365386962890625e-10,0.000030517578125]",
    "2.32830643653869628906e-10 0.00003051757812500000",
  ],
  ["~10i~i|", '[abc,"x"]', "|"],
  ["~s: ~p~n", "[error,{badmatch,[1,2,3]}]", "error: {badmatch,[1,2,3]}\n"],
  ["~.*p ~.*n", "[-1,a,-1]", "a \n"],
  ["~30p|~-0p", '[{a,"b"},c]', '{a,"b"}|c'],
  ["Привет ~ts ~tp", "[\"мир\",{'мир'}]", "Привет мир {'мир'}"],
];

// Where OTP 27 answers `badarg`, and what is said here instead.
const faults: [string, string, RegExp][] = [
  ["~", "[]", /no control sequence/],
  ["~p", "[]", /no argument left for ~p/],
  ["~p", "[1,2]", /takes 1 arguments and was given 2/],
  ["~q", "[1]", /no control sequence/],
  ["~a", "[abc]", /no control sequence/],
  ["~-", "[]", /lacks a width/],
  ["~-p", "[1]", /lacks a width/],
  ["~-5p", "[1]", /to the left/],
  ["~-5n", "[]", /to the left/],
  ["~*p", "[a,1]", /takes an integer as its width/],
  ["~.*s", '[-1,"abc"]', /precision below zero/],
  ["~3.5s", '["abc"]', /beyond its width/],
  ["~3.5c", "[97]", /beyond its width/],
  ["~c", "[a]", /takes a character/],
  ["~s", "[1]", /takes text/],
  ["~s", "[[1080]]", /Latin-1 text alone/],
  ["~s", "['привет']", /Latin-1 text alone/],
  ["~s", "[[97|98]]", /improper list/],
  ["~ts", "[[a]]", /what is no character/],
  ["~f", "[1]", /takes a float/],
  ["~e", "[a]", /takes a float/],
  ["~.1e", "[1.0]", /too small/],
  ["~.0f", "[1.0]", /too small/],
  ["~.0g", "[1.0]", /too small/],
  ["~b", "[1.0]", /takes an integer/],
  ["~.37b", "[1]", /from 2 to 36/],
  ["~.1b", "[1]", /from 2 to 36/],
  ["~x", "[1]", /no argument left for ~x/],
  ["~x", '[1,<<"0x">>]', /as its prefix/],
  ["~x", "[1,2]", /as its prefix/],
  ["~X", "[1,[a]]", /as its prefix/],
  ["~W", "[a,b]", /as its depth/],
  ["~P", "[[1],1.0]", /as its depth/],
  ["~Kp", "[backwards,#{a=>1}]", /can order maps/],
  ["~5.", "[]", /no control sequence/],
];

describe("ioFormat", () => {
  it.each(cases)("%s of %s", (text, args, expected) => {
    expect(format(text, args)).toBe(expected);
  });

  it.each(faults)("%s of %s is refused", (text, args, message) => {
    expect(() => format(text, args)).toThrow(UsageError);
    expect(() => format(text, args)).toThrow(message);
  });

  it("takes a format as charlist, binary or atom", () => {
    for (const text of [charlist("é ~p"), Buffer.from("é ~p", "latin1"), atom("é ~p")]) {
      expect(ioFormat(text, [1])).toBe("é 1");
    }
    for (const other of [1, [charlist("a")], [0xd800]]) {
      expect(() => ioFormat(other, [])).toThrow(UsageError);
    }
  });

  it("shows identifiers and funs as inspect() does", () => {
    const pid = new Pid(atom("shop@host"), 90, 0, 1);
    expect(ioFormat(charlist("~p ~w"), [pid, [pid]])).toBe("<0.90.0> [<0.90.0>]");
    expect(format("~p ~w", "[fun lists:map/2,fun lists:map/2]")).toBe(
      "fun lists:map/2 fun lists:map/2",
    );
  });

  it("breaks a term exactly where io_lib puts it on more than one line", () => {
    expect(format("~s~p", '["abc", [a,b]]')).toBe("abc[a,b]");
    expect(format("~70s~p", '["x", [1000,1]]')).toBe(`${" ".repeat(69)}x[1000,1]`);
    expect(format("~70s~p", '["x", [1000,10]]')).toBe(
      `${" ".repeat(69)}x[1000,\n${" ".repeat(71)}10]`,
    );
    expect(format("a\tb~20p", "[[1000,1001,1002]]")).toBe(
      "a\tb[1000,\n          1001,\n          1002]",
    );
  });

  it("has no code points that are no characters", () => {
    for (const code of [-1, 0xd800, 0x110000]) {
      expect(() => ioFormat(charlist("~tc"), [code])).toThrow(UsageError);
      expect(() => ioFormat(charlist("~ts"), [[code]])).toThrow(UsageError);
      expect(() => ioFormat(charlist("~5..*s"), [code, []])).toThrow(UsageError);
    }
  });

  it("has bounds", () => {
    expect(format("~100000c", "[97]")).toHaveLength(100_000);
    const huge = charlist("~9".padEnd(1000, "9"));
    for (const [text, args] of [
      [charlist("~100001c"), [97]],
      [[...huge, 99], [97]],
      [charlist("~*c"), [-100_001, 97]],
      [charlist("~.*f"), [10n ** 30n, 97]],
      [charlist("~100000c".repeat(42)), new Array(42).fill(97)],
      [charlist("~s"), [new Uint8Array(5_000_000)]],
      [charlist("~w"), [new Array(3_000_000).fill(1)]],
      [charlist("~p"), [new Uint8Array(3_000_000)]],
    ] as [Term, Term[]][]) {
      expect(() => ioFormat(text, args)).toThrow(LimitError);
    }
  });

  it("ends soon, whatever the terms", () => {
    let shared: Term = [];
    for (let level = 0; level < 200; level++) shared = [shared, shared];
    let deep: Term = [];
    for (let level = 0; level < 100_000; level++) deep = [deep];
    let wide: Term = new Array(200_000).fill(1000);
    for (let level = 0; level < 500; level++) wide = [wide, 1];
    for (const text of ["~s", "~p", "~w"]) {
      expect(() => ioFormat(charlist(text), [shared])).toThrow(LimitError);
    }
    expect(() => ioFormat(charlist("~p"), [wide])).toThrow(LimitError);
    expect(ioFormat(charlist("~s"), [deep])).toBe("");
    expect(ioFormat(charlist("~5ts"), [binary("я".repeat(500_000))])).toBe("яяяяя");
    expect(ioFormat(charlist("~0p"), [deep])).toBe(`${"[".repeat(512)}...${"]".repeat(512)}`);
  });
});
