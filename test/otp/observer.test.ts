/** Nothing but the allow-list leaves through an observer. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ALLOW_LIST,
  DeniedError,
  observer,
  type Remote,
  runScript,
  Script,
} from "../../src/otp/index.ts";
import { atom, charlist, ExternalFun, OK, type Term, tuple } from "../../src/term/index.ts";

const none = atom("none");
const value = atom("value");

/** The far end of a wire: it keeps what comes out of it. */
function sink(): { remote: Remote; left: string[] } {
  const left: string[] = [];
  const call = (module: string, fun: string, args: readonly Term[]): Promise<Term> => {
    left.push(`${module}:${fun}/${args.length}`);
    return Promise.resolve(OK);
  };
  return { remote: { name: "a@b", call }, left };
}

/** Rows that let through certain arguments only. */
const CERTAIN: Readonly<Record<string, readonly Term[]>> = {
  "application:get_env/2": [atom("sasl"), atom("releases_dir")],
  "os:getenv/1": [charlist("RELDIR")],
};

describe("an observer", () => {
  it.each([
    ["application", "get_env", [atom("shop"), atom("releases_dir")]],
    ["application", "get_env", [atom("sasl"), atom("secret")]],
    ["os", "getenv", [charlist("RELEASE_COOKIE")]],
    ["os", "getenv", [atom("RELDIR")]],
  ] as const)("refuses %s:%s of %j, which may be a secret", async (module, fun, args) => {
    const { remote, left } = sink();
    await expect(observer(remote).call(module, fun, args)).rejects.toThrow(DeniedError);
    expect(left).toEqual([]);
  });

  it("passes each function of the list with its number of arguments only", async () => {
    const { remote, left } = sink();
    const observing = observer(remote);
    const rows = Object.keys(ALLOW_LIST).filter((row) => !/^erl_(scan|eval)/.test(row));
    for (const row of rows) {
      const [module, rest] = row.split(":") as [string, string];
      const [fun, arity] = rest.split("/") as [string, string];
      const args = CERTAIN[row] ?? Array.from({ length: Number(arity) }, () => atom("x"));
      await observing.call(module, fun, args);
      const more = `${row.slice(0, -1)}${Number(arity) + 1}`;
      if (more in ALLOW_LIST) continue;
      await expect(observing.call(module, fun, [...args, none])).rejects.toThrow(DeniedError);
    }
    expect(left).toEqual(rows);
  });

  it.each<[string, string, readonly Term[]]>([
    ["init", "stop", []],
    ["erlang", "halt", []],
    ["erlang", "apply", [atom("init"), atom("stop"), []]],
    ["lists", "map", [new ExternalFun(atom("erlang"), atom("exit"), 1), []]],
    ["lists", "zipwith", [new ExternalFun(atom("erlang"), atom("send"), 2), [], []]],
    ["supervisor", "terminate_child", [atom("sup"), atom("id")]],
    ["release_handler", "install_release", [charlist("2")]],
    ["sys", "suspend", [atom("p")]],
    ["rpc", "call", [atom("n"), atom("m"), atom("f"), []]],
    ["logger", "log", [atom("info"), charlist("x"), []]],
    ["Elixir.Code", "eval_string", [charlist("1")]],
    ["erl_eval", "exprs", [[], []]],
    ["erl_eval", "expr", [tuple(atom("atom"), 1, atom("x")), [], none, none, value]],
    ["erl_scan", "string", [charlist("halt().")]],
    ["toString", "constructor", []],
  ])("refuses %s:%s before a byte leaves", async (module, fun, args) => {
    const { remote, left } = sink();
    const refused = await observer(remote)
      .call(module, fun, args)
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DeniedError);
    expect(refused).toMatchObject({ code: "BEAM_DENIED", node: "a@b" });
    expect(left).toEqual([]);
  });

  it("refuses whatever else one can name", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), fc.nat(6), async (module, fun, arity) => {
        fc.pre(!(`${module}:${fun}/${arity}` in ALLOW_LIST));
        const { remote, left } = sink();
        const args = Array.from({ length: arity }, () => none);
        await expect(observer(remote).call(module, fun, args)).rejects.toThrow(DeniedError);
        expect(left).toEqual([]);
      }),
    );
  });

  it("does not even have a script scanned that is not registered as read-only", async () => {
    const { remote, left } = sink();
    const script = new Script({ name: "stop", source: "init:stop()" });
    await expect(runScript(observer(remote), script)).rejects.toThrow(DeniedError);
    expect(left).toEqual([]);
  });
});
