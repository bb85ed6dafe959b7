/** Scripts on a real node: what a read-only one may hold, what comes back, and what stays there. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import {
  DeniedError,
  formsOf,
  observer,
  readOnlyScripts,
  runScript,
  Script,
  ScriptError,
  SourceError,
} from "../../src/otp/index.ts";
import { LOCAL_CALLS, REMOTE_CALLS } from "../../src/otp/script-calls.ts";
import { firstDenied } from "../../src/otp/script-check.ts";
import { Atom, atom, ExternalFun, type Term, Tuple } from "../../src/term/index.ts";
import "../../src/relup/index.ts"; // registers its scripts
import "../../src/topology/index.ts"; // registers its scripts
import "../../src/upgrade/index.ts"; // registers its scripts
import { type BeamProcess, provision, startErl } from "../support/index.ts";

let erl: BeamProcess;
let node: BeamNode;

beforeAll(async () => {
  erl = await startErl({ otp: await provision("otp25") });
  node = await connect(erl.name, {
    cookie: erl.cookie,
    address: { host: "127.0.0.1", port: erl.port },
  });
});

afterAll(async () => {
  await node.close();
  await erl[Symbol.asyncDispose]();
});

const READING = readOnlyScripts();

/** The variables of the pattern of an expression `Pattern = ...`, once each. */
function boundBy(form: Term): string[] {
  if (!(form instanceof Tuple) || form.items[0] !== atom("match")) return [];
  const found = new Set<string>();
  const walk = (part: Term | undefined): void => {
    if (Array.isArray(part)) for (const each of part) walk(each);
    if (!(part instanceof Tuple)) return;
    const [tag, , name] = part.items;
    if (tag === atom("var") && name instanceof Atom && name.name !== "_") found.add(name.name);
    else for (const each of part.items) walk(each);
  };
  walk(form.items[2]);
  return [...found];
}

describe("the read-only scripts", () => {
  it("are there", () => {
    expect(READING.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "system_info",
        "ranch_listeners",
        "cowboy_connections",
        "relup_impact",
      ]),
    );
  });

  it.each(READING.map((script) => [script.name, script] as const))(
    "%s only reads",
    async (_name, script) => {
      const forms = await formsOf(node, script);
      expect(forms.length).toBeGreaterThan(0);
      expect(firstDenied(forms)).toBeUndefined();
    },
  );

  it.each(READING.map((script) => [script.name, script] as const))(
    "%s binds nothing twice, also not what it shares",
    async (_name, script) => {
      const bound = (await formsOf(node, script)).flatMap(boundBy);
      expect(bound.filter((name, at) => bound.indexOf(name) !== at)).toEqual([]);
    },
  );

  it.each([
    ["erlang:halt()", "erlang:halt/0"],
    ["halt()", "halt/0"],
    ["[init:stop() || _ <- [1]]", "init:stop/0"],
    ["self() ! stop", "a send"],
    ["receive X -> X end", "a receive"],
    ["spawn(fun() -> ok end)", "spawn/1"],
    ["apply(init, stop, [])", "apply/3"],
    ["M = init, M:stop()", "a call of a variable"],
    ["F = stop, init:F()", "a call of a variable"],
    ["lists:foreach(fun erlang:halt/1, [0])", "a named function as a value"],
    ["lists:foreach(fun halt/1, [0])", "a named function as a value"],
    ["put(a, b)", "put/2"],
    ["ets:delete(ranch_server)", "ets:delete/1"],
    ["gen_server:send_request(self(), stop)", "gen_server:send_request/2 with stop"],
    ["X = stop, gen_server:send_request(self(), X)", "gen_server:send_request/2 with a variable"],
    ["gen:send_request(self(), system, suspend)", "gen:send_request/3 with system suspend"],
    ["(fun() -> (fun() -> sys:suspend(self()) end)() end)()", "sys:suspend/1"],
    ["case ok of _ when true -> try exit(a) catch _:_ -> ok end end", "exit/1"],
  ])("would not be let through with %s", async (source, denied) => {
    const script = new Script({ name: "bad", source, readOnly: true });
    await expect(runScript(node, script)).rejects.toThrow(DeniedError);
    expect(firstDenied(await formsOf(node, new Script({ name: "bad", source })))).toBe(denied);
  });
});

it.each([...REMOTE_CALLS, ...LOCAL_CALLS])("%s is on the list because a script needs it", (row) => {
  const name = row.split("/")[0] as string;
  expect(READING.some(({ source }) => source.includes(`${name}(`))).toBe(true);
});

describe("a script", () => {
  it("is given its bindings in any order and keeps its variables", async () => {
    const script = new Script({
      name: "sum",
      source: "Secret = 5, Zulu + Alpha + Secret",
      bindings: ["Zulu", "Alpha"],
      readOnly: true,
    });
    const remote = observer(node);
    expect(await runScript(remote, script, { Zulu: 1, Alpha: 2 })).toBe(8);
    expect(await runScript(remote, script, { Alpha: 3, Zulu: 4 })).toBe(12);
  });

  it("is parsed once per connection", async () => {
    const calls: string[] = [];
    const remote = {
      name: node.name,
      call: (...args: Parameters<BeamNode["call"]>) => {
        calls.push(args[0]);
        return node.call(...args);
      },
    };
    const script = new Script({ name: "one", source: "1", readOnly: true });
    await Promise.all([runScript(remote, script), runScript(remote, script)]);
    await runScript(remote, script);
    expect(calls.sort()).toEqual(["erl_eval", "erl_eval", "erl_eval", "erl_parse", "erl_scan"]);
  });

  it("tells of a failure only its kind and the head of its reason", async () => {
    const script = new Script({ name: "fails", source: '{a, 1} = {"secret", 2}' });
    const error: unknown = await runScript(node, script).catch((raised: unknown) => raised);
    expect(error).toBeInstanceOf(ScriptError);
    expect(error).toMatchObject({ kind: "error", reason: "badmatch" });
    expect(JSON.stringify(error) + String(error)).not.toContain("secret");
  });

  it("is not given a fun by an observer, which it could call", async () => {
    const script = new Script({
      name: "calls",
      source: "Given(0)",
      bindings: ["Given"],
      readOnly: true,
    });
    const halt = new ExternalFun(atom("erlang"), atom("halt"), 1);
    await expect(runScript(observer(node), script, { Given: halt })).rejects.toThrow(DeniedError);
    expect(await runScript(observer(node), script, { Given: 1 }).catch(String)).toMatch("badfun");
  });

  it("names the line where it cannot be read", async () => {
    const script = new Script({ name: "odd", source: "1,\n2 = = 3" });
    await expect(formsOf(node, script)).rejects.toThrow(SourceError);
    await expect(formsOf(node, script)).rejects.toThrow(/odd.*line 2: syntax error before/);
  });
});
