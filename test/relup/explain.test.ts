import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HIGH_LEVEL } from "../../src/relup/high-level-words.ts";
import { explainRelup, type RelupRow } from "../../src/relup/index.ts";
import { LOW_LEVEL } from "../../src/relup/low-level-words.ts";
import { atom, tuple } from "../../src/term/index.ts";
import { arbitraryTerm } from "../support/arbitrary-term.ts";
import { arbitraryList, erl, list } from "./build.ts";

const READ = '{load_object_code,{shop,"0.2.0",[a,b]}}';

/** The row of one instruction behind the point of no return, with the object code of a and b read. */
function rowAfter(text: string, ...more: string[]): RelupRow {
  return explainRelup(list(READ, "point_of_no_return", text, ...more)).rows[2] as RelupRow;
}

describe("low-level instructions", () => {
  test.each<[string, string, RegExp, RegExp | undefined]>([
    [
      "{load,{a,brutal_purge,brutal_purge}}",
      "load",
      /^loads a; old code is purged brutally: who still runs it is killed; who lingers .* is killed when .* permanent$/,
      /^kills the processes that still run old code of a$/,
    ],
    [
      "{load,{a,soft_purge,soft_purge}}",
      "load",
      /^loads a; the upgrade is refused if a process still runs old code; .* once nobody runs it$/,
      undefined,
    ],
    [
      "{load,{z,soft_purge,soft_purge}}",
      "load",
      /^loads z/,
      /no load_object_code before it reads z: the load fails/,
    ],
    ["{remove,{a,brutal_purge,soft_purge}}", "remove", /^removes a from the node/, /^kills/],
    ["{purge,[a,'Elixir.Shop.Room']}", "purge", /a and Shop.Room brutally/, /^kills/],
    [
      "{suspend,['Elixir.Shop.Counter']}",
      "suspend",
      /^suspends every process whose child spec names Shop.Counter; .* within 5 s runs on/,
      /^nothing resumes the processes of Shop.Counter again$/,
    ],
    ["{suspend,[{a,1000}]}", "suspend", /within 1000 ms/, /^nothing resumes/],
    ["{suspend,[{a,infinity}]}", "suspend", /within any time/, /^nothing resumes/],
    [
      "{resume,[a]}",
      "resume",
      /processes suspended for a \(nothing is suspended for a\)$/,
      undefined,
    ],
    [
      "{code_change,[{a,[]}]}",
      "code_change",
      /to the new version.*fails restarts the node/,
      undefined,
    ],
    ["{code_change,down,[{a,[]}]}", "code_change", /back to the old version/, undefined],
    [
      "{stop,[a]}",
      "stop",
      /terminates.*their state is lost/,
      /ends the processes of a; nothing starts/,
    ],
    [
      "{start,[a]}",
      "start",
      /starts the processes stopped for a again \(nothing is stopped/,
      undefined,
    ],
    ["{sync_nodes,it,[n@h]}", "sync_nodes", /\(n@h\) come to the same place, :it/, /without limit/],
    ["{sync_nodes,it,{m,f,[]}}", "sync_nodes", /those of {:m, :f, \[\]}/, /without limit/],
    ['{apply,{m,f,[1,"x"]}}', "apply", /^calls :m.f\(1, ~c"x"\)$/, undefined],
    ["{apply,{'Elixir.M',f,[]}}", "apply", /^calls M.f\(\)$/, undefined],
    ["{apply,{init,restart,[]}}", "apply", /^calls :init.restart/, /restarts or ends/],
    [
      "{apply,{application,stop,[shop]}}",
      "apply",
      /^stops the application shop: its.*end$/,
      /connections of shop/,
    ],
    [
      "{apply,{application,start,[shop,permanent]}}",
      "apply",
      /^starts the application shop$/,
      undefined,
    ],
    ["restart_emulator", "restart_emulator", /not executed$/, /^the node restarts/],
    [
      "point_of_no_return",
      "point_of_no_return",
      /a failure after this restarts the node$/,
      undefined,
    ],
  ])("%s", (text, kind, words, danger) => {
    const row = rowAfter(text);
    expect(row.kind).toBe(kind);
    expect(row.phase).toBe("after");
    expect(row.text).toMatch(words);
    if (danger === undefined) expect(row.danger).toBeUndefined();
    else expect(row.danger).toMatch(danger);
  });

  test("each one that relup(4) has is explained here", () => {
    expect(Object.keys(LOW_LEVEL).toSorted()).toEqual(
      [
        ...["apply", "code_change", "load", "load_object_code", "point_of_no_return", "purge"],
        ...["remove", "restart_emulator", "restart_new_emulator", "resume", "start", "stop"],
        ...["suspend", "sync_nodes"],
      ].toSorted(),
    );
  });

  test("who is suspended, and resumed later, is no danger", () => {
    const { rows } = explainRelup(
      list("point_of_no_return", "{suspend,[a]}", "{code_change,[{a,[]}]}", "{resume,[a]}"),
    );
    expect(rows.map(({ danger }) => danger)).toEqual([undefined, undefined, undefined, undefined]);
    expect(rows[3]?.text).toBe("resumes the processes suspended for a");
  });

  test("object code is loaded once", () => {
    const load = "{load,{a,soft_purge,soft_purge}}";
    expect(rowAfter(load).danger).toBeUndefined();
    const { rows } = explainRelup(list(READ, "point_of_no_return", load, load));
    expect(rows[3]?.danger).toMatch(/the load fails/);
  });
});

describe("edeliver's instructions are told by their names", () => {
  const run = (name: string, args: string) =>
    `{apply,{'Elixir.Edeliver.Relup.Instructions.${name}',run,[${args}]}}`;

  test.each([
    ["CheckProcessesRunningOldCode", "[a,b]", /one of 2 modules has old code/],
    ["CheckRanchAcceptors", "shop", /finds the acceptors of :shop/],
    ["CheckRanchConnections", "shop", /finds the connections of :shop/],
    ["SuspendRanchAcceptors", "shop", /terminates the acceptors of :shop/],
    ["SuspendChannels", "shop", /suspends the websockets of :shop/],
    [
      "FinishRunningRequests",
      "{shop,500}",
      /waits 500 ms, always all of them, for the requests of :shop/,
    ],
    ["RerunFailedRequests", "shop", /tells the requests of :shop/],
    ["ResumeChannels", "shop", /resumes the websockets of :shop/],
    ["ResumeRanchAcceptors", "shop", /starts the acceptors of :shop/],
    ["Info", '<<"hello">>', /says "hello"/],
    ["Sleep", "30", /waits 30 seconds/],
    ["Own", "1", /runs with 1/],
  ])("%s", (name, args, words) => {
    const row = rowAfter(run(name, args));
    expect(row.text).toMatch(new RegExp(`^edeliver's ${name}: `));
    expect(row.text).toMatch(words);
  });
});

describe("what the release handler refuses", () => {
  test.each([
    "{update,a}",
    "{update,a,supervisor}",
    "{update,a,soft,brutal_purge,brutal_purge,[b]}",
    "{load_module,a}",
    "{add_module,a}",
    "{delete_module,a}",
    "{add_application,shop}",
    "{remove_application,shop}",
    "{restart_application,shop}",
  ])("%s, which is explained all the same", (text) => {
    const row = rowAfter(text);
    expect(Object.keys(HIGH_LEVEL)).toContain(row.kind);
    expect(row.text).not.toMatch(/unknown|malformed/);
    expect(row.refused).toBe(true);
  });

  test.each(["{strange,1}", "strange", "{}", "{1,2}", "{load}", "{point_of_no_return}"])(
    "%s, which says so",
    (text) => {
      const row = rowAfter(text);
      expect(row.kind).toBe("unknown");
      expect(row.text).toMatch(/^unknown instruction/);
      expect(row.refused).toBe(true);
    },
  );

  test("what OTP's check lets pass and executing cannot use is malformed", () => {
    const row = rowAfter("{purge,a}");
    expect(row.text).toBe("malformed instruction {:purge, :a}");
    expect(row.danger).toMatch(/^it is malformed: /);
    expect(row.refused).toBe(false);
  });

  test("a list without a point of no return is all after it", () => {
    const { rows } = explainRelup(list(READ, "{load,{a,soft_purge,soft_purge}}"));
    expect(rows.map(({ phase }) => phase)).toEqual(["after", "after"]);
    expect(rows.map(({ refused }) => refused)).toEqual([true, false]);
  });

  test("the restart of a new emulator anywhere but first", () => {
    const first = explainRelup(list("restart_new_emulator", "point_of_no_return")).rows[0];
    expect(first?.danger).toMatch(/^the node restarts/);
    expect(rowAfter("restart_new_emulator").refused).toBe(true);
  });

  test("what changes something before the point of no return is executed by the check", () => {
    const { rows } = explainRelup(
      list(READ, "{suspend,[a]}", "point_of_no_return", "{resume,[a]}"),
    );
    expect(rows[1]?.phase).toBe("before");
    expect(rows[1]?.danger).toMatch(/the mere check executes it/);
  });
});

test("many modules are counted, and the first are named", () => {
  const names = Array.from({ length: 60 }, (_, at) => `'Elixir.Shop.M${at}'`).join(",");
  const [row] = explainRelup([
    erl(`{load_object_code,{shop,"1",[${names}]}}`),
    erl("point_of_no_return"),
  ]).rows;
  expect(row?.text).toMatch(/of 60 modules \(Shop.M0, Shop.M1, Shop.M2 and 57 more\) from shop 1/);
  expect(row?.modules).toHaveLength(60);
});

test("the summary", () => {
  const { summary } = explainRelup(
    list(
      READ,
      "point_of_no_return",
      "{apply,{application,stop,[shop]}}",
      "{remove,{a,brutal_purge,brutal_purge}}",
      "{remove,{c,brutal_purge,brutal_purge}}",
      "{load,{a,brutal_purge,brutal_purge}}",
      "{load,{b,brutal_purge,brutal_purge}}",
      "{apply,{application,start,[shop,permanent]}}",
      "{apply,{application,stop,[gone]}}",
      "{apply,{application,start,[fresh]}}",
      "{suspend,[{b,1000}]}",
      "{resume,[b]}",
      "restart_emulator",
    ),
  );
  expect(summary).toEqual({
    modulesLoaded: ["a", "b"],
    modulesRemoved: ["c"],
    suspendedBy: ["b"],
    applicationsRestarted: ["shop"],
    applicationsStopped: ["gone"],
    applicationsStarted: ["fresh"],
    emulatorRestarts: 1,
  });
});

test("every list has a row for each instruction, and no instruction of any shape is too much", () => {
  fc.assert(
    fc.property(arbitraryList, (given) => {
      const { rows } = explainRelup(given);
      expect(rows.map(({ instruction }) => instruction)).toEqual(given);
      const border = rows.findIndex(({ kind }) => kind === "point_of_no_return");
      expect(rows.map(({ phase }) => phase)).toEqual(
        given.map((_, at) => (at < border ? "before" : "after")),
      );
    }),
  );
  const tags = [...Object.keys(LOW_LEVEL), ...Object.keys(HIGH_LEVEL)];
  fc.assert(
    fc.property(
      fc.constantFrom(...tags),
      fc.array(arbitraryTerm({ maxDepth: 2 }), { maxLength: 7 }),
      (tag, args) => {
        const { rows } = explainRelup([tuple(atom(tag), ...args), erl("point_of_no_return")]);
        expect(rows[0]?.text.length).toBeGreaterThan(0);
      },
    ),
  );
});
