/** What of the instructions needs no node: preconditions, results of bulk work, lines, names. */

import { describe, expect, expectTypeOf, it } from "vitest";
import { bulkResult } from "../../src/instructions/bulk.ts";
import {
  anything,
  assume,
  bind,
  debug,
  defineInstruction,
  error,
  formatInUpgradeScript,
  info,
  logInUpgradeScript,
  matchList,
  matchTuple,
  prefixOf,
  thrownBy,
  warn,
} from "../../src/instructions/index.ts";
import { atom, charlist, Pid, type Term, tuple } from "../../src/term/index.ts";

const pid = (id: number): Pid => new Pid(atom("shop@host"), id, 0, 1);
const isPid = (term: Term): term is Pid => term instanceof Pid;

/** A context that keeps what is written. */
function noting() {
  const lines: string[] = [];
  return {
    lines,
    instruction: "Mine",
    node: { name: "shop@host" } as never,
    log: (level: string, text: string) => lines.push(`${level} ${text}`),
    print: (text: string) => lines.push(text),
  };
}

describe("assume", () => {
  const OK = tuple(atom("ok"), pid(1), [1, 2]);

  it("gives the bindings of its match, typed", () => {
    const context = noting();
    const pattern = matchTuple(atom("ok"), bind("sup", isPid), matchList(1, bind("rest")));
    const found = assume(context, pattern, OK, "no supervisor");
    expectTypeOf(found.sup).toEqualTypeOf<Pid>();
    expectTypeOf(found.rest).toEqualTypeOf<Term>();
    expect([found.sup, found.rest]).toEqual([pid(1), 2]);
    expect(context.lines).toEqual([]);
  });

  it.each([
    ["another atom", matchTuple(atom("error"), anything, anything)],
    ["another size", matchTuple(atom("ok"), anything)],
    ["what the test refuses", matchTuple(atom("ok"), anything, bind("list", isPid))],
    ["a name that would stand for two terms", matchTuple(bind("a"), bind("a"), anything)],
    ["a list for a tuple", matchList(atom("ok"), anything, anything)],
    ["a plain term that is not equal", atom("ok")],
  ])("aborts with its message, logged, for %s", (_name, pattern) => {
    const context = noting();
    expect(() => assume(context, pattern, OK, "no supervisor")).toThrow(
      expect.objectContaining({
        code: "BEAM_UPGRADE",
        instruction: "Mine",
        message: "Mine: no supervisor",
      }),
    );
    expect(context.lines).toEqual(["error no supervisor"]);
  });

  it("lets a name stand twice for equal terms", () => {
    const twice = tuple(pid(1), pid(1));
    expect(assume(noting(), matchTuple(bind("a"), bind("a")), twice, "")).toEqual({ a: pid(1) });
  });

  it("aborts in a relup as edeliver's does", () => {
    expect(thrownBy(new Error("no supervisor"))).toEqual(
      tuple(atom("error"), charlist("no supervisor")),
    );
  });
});

describe("the result of bulk work", () => {
  const asked = [pid(1), pid(2), pid(3)];
  const failed = (...pairs: [number, string][]) =>
    pairs.map(([id, reason]) => ({ pid: pid(id), reason }));

  it.each([
    ["nothing failed", asked, [], "ok"],
    ["nobody was asked", [], [], "ok"],
    [
      "some failed: in the order of the input, with their count",
      asked,
      failed([3, "timeout"], [1, "noproc"]),
      [
        "errors",
        2,
        [
          [pid(1), "noproc"],
          [pid(3), "timeout"],
        ],
      ],
    ],
    [
      "none answers",
      asked,
      failed([1, "timeout"], [2, "not_otp"], [3, "timeout"]),
      "not_supported",
    ],
    [
      "one is gone and the rest does not answer",
      asked,
      failed([1, "noproc"], [2, "timeout"], [3, "timeout"]),
      [
        "errors",
        3,
        [
          [pid(1), "noproc"],
          [pid(2), "timeout"],
          [pid(3), "timeout"],
        ],
      ],
    ],
    ["the only one is gone", [pid(1)], failed([1, "noproc"]), ["errors", 1, [[pid(1), "noproc"]]]],
  ] as const)("when %s", (_when, pids, failures, result) => {
    expect(bulkResult(pids, failures)).toEqual(result);
  });
});

describe("lines", () => {
  it("go to both places by their level", () => {
    const context = noting();
    debug(context, "a");
    info(context, "b");
    warn(context, "c");
    error(context, "d");
    expect(context.lines).toEqual(["debug a", "info b", "warning c", "error d"]);
  });

  it("have edeliver's prefixes in the script", () => {
    const context = noting();
    for (const type of ["error", "warning", "info", "debug"] as const) {
      logInUpgradeScript(context, type, "x");
    }
    expect(context.lines).toEqual(["---> X x\n", "---> ! x\n", "---> x\n", "----> x\n"]);
    expect(prefixOf("error")).toBe("---> X ");
  });

  it("take the formats of Erlang", () => {
    const context = noting();
    formatInUpgradeScript(context, "~p of ~w: ~ts~n", [1, atom("x"), charlist("ä")]);
    formatInUpgradeScript(context, "plain");
    expect(context.lines).toEqual(["1 of x: ä\n", "plain"]);
    expect(() => formatInUpgradeScript(context, "~p", [])).toThrow(
      expect.objectContaining({ code: "BEAM_USAGE" }),
    );
  });
});

describe("an instruction of one's own", () => {
  it("has edeliver's defaults and a module's name", () => {
    const mine = defineInstruction({ name: "CheckQueue", run: async () => undefined });
    expect(mine.module).toBe("Elixir.Edeliver.Relup.Instructions.CheckQueue");
    expect(mine.dependencies()).toEqual([]);
    expect(mine.arguments({} as never, { name: "shop" })).toEqual([]);
    const theirs = defineInstruction({ name: "Acme.Relup.CheckQueue", run: async () => undefined });
    expect(theirs.module).toBe("Elixir.Acme.Relup.CheckQueue");
  });

  it.each(["", "queue", "Acme.", "Acme.queue", "Check Queue"])("cannot be called %j", (name) => {
    expect(() => defineInstruction({ name, run: async () => undefined })).toThrow(
      expect.objectContaining({ code: "BEAM_USAGE" }),
    );
  });
});
