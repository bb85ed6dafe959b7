/** `ioFormat()` beside `io_lib:format/2` of real nodes: the same formats and arguments, the same text or fault. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { type BeamNode, connect, RemoteError } from "../../src/node/index.ts";
import { charlist, inspect, parse, type Term, text } from "../../src/term/index.ts";
import { ioFormat } from "../../src/term/io-format.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";

// The format, and its arguments in Erlang syntax.
const PAIRS: readonly (readonly [string, string])[] = [
  ["~~ ~5~ ~.3~ ~8.3.x~ ~-8.3.x~", "[]"],
  ["~n~3n~0n|", "[]"],
  ["~c~3c~.2c ~5.2c ~-5.2.-c|", "[97,98,99,100,101]"],
  ["~c ~tc ~c ~c", "[1080,1080,-1,123456789012345678901234567890]"],
  ["~*c|~-*c|~.*c|", "[3,97,3,98,2,99]"],
  ["~s ~s ~s ~s", '["abc",<<"abc">>,abc,["a",[<<"b">>|<<"c">>]]]'],
  ["~s|~ts|~s|~ts", '[<<"é"/utf8>>,<<"é"/utf8>>,<<233>>,<<233>>]'],
  ["~ts ~ts", '[\'привет\',["п",<<"é"/utf8>>,<<233>>,8364]]'],
  ["~10s|~-10s|~10.2s|~-10.2s|~.2s|~2s|~.5s|", '["abc","abc","abc","abc","abc","abc","abc"]'],
  ["~5.5s|~-5.5s|~10.5.*s|~.0s|~0s|", '["abc","abc",95,"abc","abc","abc"]'],
  ["~*s|~-*s|", '[-5,"ab",-5,"ab"]'],
  ["~5.3ts|~3ts|~.1ts|", "[[101,769,102,103,104],[101,769],[101,769,102]]"],
  ["~3s|~3ts|", '["\\r\\nabc",[13,10,97,1080,98]]'],
  ["~w ~w ~w ~w ~w", '["abc",<<"ab">>,\'a b\',[],{}]'],
  ["~w ~w ~w", "[[1,[2|3]|4],{a,1.5,-7},#{a=>[b]}]"],
  ["~10w|~-10w|~.3w|~10.3w|~10.20w|~2w|", "[abc,abc,abcdef,abcdef,abcdef,abc]"],
  ["~w ~tw ~p ~tp", "['привет','привет','привет','привет']"],
  ["~p ~p ~p ~p", '["abc",[97|98],[0,97],"é"]'],
  ["~p ~tp ~p ~tp", '["п","п",<<"п"/utf8>>,<<"п"/utf8>>]'],
  ["~p ~tp ~tp ~p", '[<<"é"/utf8>>,<<"é"/utf8>>,<<233>>,<<233>>]'],
  ["~p ~p ~p ~p", '[<<>>,<<0,1>>,<<1:1>>,<<"ab",5:3>>]'],
  ["~p ~tp", "['a\\x{a0}\\x{ad}\\e\\0\\x{80}\\x{200b}','a\\x{a0}\\x{ad}\\e\\0\\x{80}\\x{200b}']"],
  ["~p", '["\\"quoted\\\\\\" \\t\\n\\r\\v\\b\\f\\e \'it\'"]'],
  ["~lp ~lw ~lp ~tlp", '["abc","abc",<<"abc">>,["abc"]]'],
  ["~kp ~kw", '[#{b=>1,a=>2},#{1.0=>a,2=>b,1=>c,{}=>d,[]=>e,"x"=>f,<<>>=>g,#{}=>h}]'],
  ["~Kp ~Kp ~Kw", "[reversed,#{b=>1,a=>2},ordered,#{b=>1,a=>2},undefined,#{a=>1}]"],
  ["~ktlp", '[#{{1,"b"}=>#{b=>1,a=>2},{1,"a"}=>"п"}]'],
  ["~p ~p ~p ~p ~p", "['if','Abc','',ok@home,'hello world']"],
  ["~p ~p ~p ~p", "[1.0,1.0e22,-0.0,123456789012345678901234567890]"],
  [
    "~80p|~0p",
    "[[a,b],[1000000000,2000000000,3000000000,4000000000,5000000000,6000000000,7000000000,8000000000]]",
  ],
  ["~W ~W ~W ~W ~W", "[[1,2,3],0,[1,2,3],1,[1,2,3],2,[1,2,3],3,[1,2,3],4]"],
  ["~W ~W ~W", "[{1,{2,{3}}},2,{1,{2,{3}}},3,{1,{2,{3}}},4]"],
  ["~W ~P ~W ~P", "[[1,2|3],3,[1,2|3],3,[1,2|3],4,[1,2|3],4]"],
  ["~W ~P ~W ~P", "[#{a=>{1}},1,#{a=>{1}},1,#{a=>{1}},2,#{a=>{1}},2]"],
  ["~W ~W ~P ~P ~kP", "[#{},1,<<1,2,3>>,2,#{},1,<<>>,1,#{a=>1,b=>2,c=>3},3]"],
  [
    "~P ~P ~P ~P",
    '[<<"abcdefghijkl">>,1,<<"abcdefghijkl">>,2,<<"abcdefghijkl">>,3,<<"abcdefghijkl">>,4]',
  ],
  ["~P ~P ~P ~P", '[<<"ab",0,"defgh">>,3,<<"a",0,"defgh">>,3,<<1,2,3>>,3,"abcdefgh",2]'],
  ["~tP ~tP ~tP", '[<<"éabcdefghk"/utf8>>,3,<<"éééééé"/utf8>>,2,<<"привет"/utf8>>,3]'],
  ["~P ~P ~10W|", '[[1,2,3],-1,"abc",1,[1,2,3],2]'],
  ["~b ~B ~.16b ~.16B ~.2b ~.36B", "[-31,-31,-31,-31,5,12345678901234567890]"],
  ["~5b|~-5b|~5..0b|~2b|~-10.16.*B|", "[31,31,-31,12345,95,255]"],
  ["~x ~X ~.16x ~.16X ~.16x", '[31,"0x",-31,\'0X\',31,"0x",-31,["0",["x"]],5,[]]'],
  ["~10.16x|~-10.16.0x|~3.16x|", '[255,"0x",255,"0x",255,"0x"]'],
  ["~+ ~# ~.16+ ~.16# ~10.16+|", "[31,-31,31,-31,-31]"],
  ["~f ~e ~g", "[3.14159265,3.14159265,3.14159265]"],
  ["~f ~e ~g", "[-0.0,0.0,-1.0e-10]"],
  ["~.1f ~.3f ~.10f ~.25f", "[2.25,2.0005,0.1,0.1]"],
  ["~.2e ~.3e ~.10e ~.25e", "[9.96,9.995,0.1,0.1]"],
  ["~.1g ~.1g ~.2g ~.3g ~.4g ~.10g", "[0.5,5.0,5.0,55.5,5555.5,1.0e5]"],
  ["~g ~g ~g ~g ~g", "[0.1,0.09,9999.0,10000.0,1.5]"],
  [
    "~10.2f|~-10.2f|~4.2f|~3.2f|~10.3.0e|~12g|",
    "[3.14159,3.14159,3.14159,3.14159,3.14159,3.14159]",
  ],
  ["~f ~f", "[1.0e25,9.9999999]"],
  ["~.21e ~.20f", "[2.3283064365386962890625e-10,0.000030517578125]"],
  ["~10i~i|", '[abc,"x"]'],
  ["~s: ~p~n", "[error,{badmatch,[1,2,3]}]"],
  ["~.*p ~.*n", "[-1,a,-1]"],
  ["~30p|~-0p", '[{a,"b"},c]'],
  ["Привет ~ts ~tp", "[\"мир\",{'мир'}]"],
  ["~p ~p", "[#{b=>1,a=>2},#{1=>x,{}=>y}]"],
  ["~w ~P", "[#{c=>1,a=>2,b=>3},#{c=>1,a=>2,b=>3},3]"],
  ["~70s~p", '["x",[1000,1]]'],
  ["\t~40p|", '[{key,"value",[1,2]}]'],
  ["~p~n~p\t~tp", '[<<"ab",200>>,[[]],{<<"ключ"/utf8>>}]'],
  ["~p", '[[{name,"Joe"},{age,42},{tags,[a,<<"b">>,1.5e300]}]]'],
];

const FAULTS: readonly (readonly [string, string])[] = [
  ["~", "[]"],
  ["~p", "[]"],
  ["~p", "[1,2]"],
  ["~q", "[1]"],
  ["~a", "[abc]"],
  ["~-", "[]"],
  ["~-p", "[1]"],
  ["~-5p", "[1]"],
  ["~-5n", "[]"],
  ["~*p", "[a,1]"],
  ["~.*s", '[-1,"abc"]'],
  ["~3.5s", '["abc"]'],
  ["~3.5c", "[97]"],
  ["~c", "[a]"],
  ["~s", "[1]"],
  ["~s", "[[1080]]"],
  ["~s", "['привет']"],
  ["~s", "[[97|98]]"],
  ["~ts", "[[a]]"],
  ["~f", "[1]"],
  ["~e", "[a]"],
  ["~.1e", "[1.0]"],
  ["~.0f", "[1.0]"],
  ["~.0g", "[1.0]"],
  ["~b", "[1.0]"],
  ["~.37b", "[1]"],
  ["~.1b", "[1]"],
  ["~x", "[1]"],
  ["~x", '[1,<<"0x">>]'],
  ["~x", "[1,2]"],
  ["~X", "[1,[a]]"],
  ["~W", "[a,b]"],
  ["~P", "[[1],1.0]"],
  ["~Kp", "[backwards,#{a=>1}]"],
  ["~5.", "[]"],
];

describe.each(["otp25", "otp27", "otp29"] as const)("%s", (set) => {
  let erl: BeamProcess;
  let node: BeamNode;
  let release: number;

  beforeAll(async () => {
    const otp = await provision(set);
    release = otp.release;
    erl = await startErl({ otp });
    const address = { host: "127.0.0.1", port: erl.port };
    node = await connect(erl.name, { cookie: erl.cookie, address });
  });
  afterAll(async () => {
    await node?.close();
    await erl?.[Symbol.asyncDispose]();
  });

  // The modifiers k and K came with OTP 26.
  const known = ([format]: readonly [string, string]): boolean =>
    release >= 26 || !/~[^~ ]*[kK]/.test(format);

  // Made by the node itself, so that maps come in the order in which it prints them.
  const terms = async (source: string): Promise<readonly Term[]> => {
    const read = parse(source, { syntax: "erlang" }) as readonly Term[];
    return (await node.call("lists", "append", [read, []])) as readonly Term[];
  };

  it("makes the same texts", async () => {
    for (const [format, source] of PAIRS.filter(known)) {
      const args = await terms(source);
      const expected = text(await node.call("io_lib", "format", [charlist(format), args]));
      expect(ioFormat(charlist(format), args), `${format} of ${source}`).toBe(expected);
    }
  });

  it("refuses what we refuse", async () => {
    for (const [format, source] of FAULTS) {
      const args = await terms(source);
      const error = await node.call("io_lib", "format", [charlist(format), args]).then(
        (made) => `${format} of ${source} is ${inspect(made)}`,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(RemoteError);
      expect(inspect((error as RemoteError).reason)).toBe(":badarg");
      expect(() => ioFormat(charlist(format), args), format).toThrow(UsageError);
    }
  });
});
