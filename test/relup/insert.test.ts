import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  append,
  appendAfterPointOfNoReturn,
  type InsertFun,
  type Instruction,
  type Instructions,
  insertAfterInstruction,
  insertAfterLoadObjectCode,
  insertAfterPointOfNoReturn,
  insertBeforeInstruction,
  insertBeforePointOfNoReturn,
  modifiesApplications,
  modifiesCode,
  modifiesProcesses,
} from "../../src/relup/index.ts";
import { type Tuple, tuple } from "../../src/term/index.ts";
import { arbitraryInstruction, arbitraryList, both, erl, list, PONR, texts } from "./build.ts";

const FUNS: readonly [string, InsertFun][] = [
  ["insertBeforePointOfNoReturn", insertBeforePointOfNoReturn],
  ["insertAfterPointOfNoReturn", insertAfterPointOfNoReturn],
  ["insertAfterLoadObjectCode", insertAfterLoadObjectCode],
  ["appendAfterPointOfNoReturn", appendAfterPointOfNoReturn],
  ["append", append],
];
const X = erl("{apply,{x,run,[1]}}");
const Y = erl("{apply,{y,run,[2]}}");
const READ_A = '{load_object_code,{shop,"0.2.0",[a]}}';
const READ_B = '{load_object_code,{shop,"0.2.0",[b]}}';
const LOAD_A = "{load,{a,brutal_purge,brutal_purge}}";
const REST = ["{suspend,[a]}", LOAD_A, "{resume,[a]}"];

/** Where `x` landed, as the text before it. */
function before(result: readonly Instruction[], x: Instruction): string | undefined {
  return texts(result)[result.indexOf(x) - 1];
}

describe("places", () => {
  const usual = list(READ_A, READ_B, "point_of_no_return", ...REST);

  test.each([
    [insertBeforePointOfNoReturn, READ_B],
    [insertAfterPointOfNoReturn, "point_of_no_return"],
    [insertAfterLoadObjectCode, READ_B],
    [appendAfterPointOfNoReturn, "{suspend,[a]}"],
    [append, "{resume,[a]}"],
  ])("%o", (insert, place) => {
    expect(before(insert(usual, X), X)).toBe(place);
  });

  test.each([
    LOAD_A,
    "{load_module,a}",
    "{load_module,a,[b]}",
    "{load_module,a,soft_purge,soft_purge,[]}",
    "{add_module,a}",
    "{delete_module,a}",
    "{remove,{a,brutal_purge,brutal_purge}}",
    "{purge,[a]}",
    "{purge,[a,b]}",
    "{update,a}",
    "{update,a,supervisor}",
    "{update,a,soft,soft_purge,soft_purge,[]}",
    "{code_change,[{a,[]}]}",
    "{code_change,up,[{a,[]},{b,[]}]}",
    "{start,[a]}",
    "{stop,[a,b]}",
    "{add_application,shop}",
    "{add_application,shop,load}",
    "{remove_application,shop}",
    "{restart_application,shop}",
    "restart_emulator",
  ])("appendAfterPointOfNoReturn stays before %s", (change) => {
    const given = list("point_of_no_return", "{suspend,[a]}", change);
    expect(texts(appendAfterPointOfNoReturn(given, X))).toEqual([
      "point_of_no_return",
      "{suspend,[a]}",
      ...texts([X]),
      ...texts([erl(change)]),
    ]);
  });

  test("appendAfterPointOfNoReturn passes a load for the run directly behind it, and only that", () => {
    const loaded = ["{load,{x,brutal_purge,brutal_purge}}", "{apply,{x,run,[1]}}"];
    const other = ["{load,{x,brutal_purge,brutal_purge}}", "{apply,{y,run,[1]}}"];
    const given = list("point_of_no_return", ...loaded, ...other);
    expect(texts(appendAfterPointOfNoReturn(given, Y)).indexOf(texts([Y])[0] as string)).toBe(3);
  });

  test("before and after an instruction; of both lists the down list is mirrored", () => {
    const given = both(list("{a,1}", "{b,1}"), list("{a,1}", "{b,1}"));
    const anchor = erl("{b,1}");
    const wrapped = insertBeforeInstruction(given, X, anchor);
    expect(wrapped.upInstructions.indexOf(X)).toBe(1);
    expect(wrapped.downInstructions.indexOf(X)).toBe(2);
    const other = insertAfterInstruction(given, X, anchor);
    expect(other.upInstructions.indexOf(X)).toBe(2);
    expect(other.downInstructions.indexOf(X)).toBe(1);
    expect(insertBeforeInstruction(given.upInstructions, X, erl("{c,1}")).at(-1)).toBe(X);
    expect(insertAfterInstruction(given.upInstructions, X, erl("{c,1}")).at(-1)).toBe(X);
  });

  test.each(FUNS)("%s goes to the end where its place is missing", (_name, insert) => {
    expect(insert(list("{resume,[a]}"), X).at(-1)).toBe(X);
    expect(insert([], X)).toEqual([X]);
  });
});

describe.each(FUNS)("%s", (_name, insert) => {
  test("loses nothing, moves nothing, keeps the order of several and the one point of no return", () => {
    fc.assert(
      fc.property(
        arbitraryList,
        fc.array(arbitraryInstruction, { maxLength: 4 }),
        (given, more) => {
          const fresh: Instruction[] = more.map((instruction) =>
            tuple(...(instruction as Tuple).items),
          );
          const result = insert(given, fresh);
          expect(result.filter((instruction) => !fresh.includes(instruction))).toEqual(given);
          expect(result.filter((instruction) => fresh.includes(instruction))).toEqual(fresh);
          expect(result.filter((instruction) => instruction === PONR)).toHaveLength(1);
          const at = fresh[0] === undefined ? -1 : result.indexOf(fresh[0]);
          expect(result.slice(at, at + fresh.length)).toEqual(at < 0 ? [] : fresh); // in one piece
        },
      ),
    );
  });

  test("does the same to both lists as to each", () => {
    fc.assert(
      fc.property(arbitraryList, arbitraryList, arbitraryInstruction, (up, down, added) => {
        expect(insert(both(up, down), added)).toEqual(
          both(insert(up, added) as Instruction[], insert(down, added) as Instruction[]),
        );
      }),
    );
  });
});

test.each<[string, InsertFun, boolean]>([
  ["insertBeforePointOfNoReturn keeps the order of the calls", insertBeforePointOfNoReturn, true],
  ["appendAfterPointOfNoReturn keeps the order of the calls", appendAfterPointOfNoReturn, true],
  ["append keeps the order of the calls", append, true],
  ["insertAfterPointOfNoReturn has the last call first", insertAfterPointOfNoReturn, false],
  ["insertAfterLoadObjectCode has the last call first", insertAfterLoadObjectCode, false],
])("%s", (_name, insert, kept) => {
  fc.assert(
    fc.property(arbitraryList, (given) => {
      const result = insert(insert([erl(READ_A), ...given], X), Y);
      expect(result.indexOf(X) < result.indexOf(Y)).toBe(kept);
    }),
  );
});

test("each predicate sees its own kind", () => {
  const kinds = (text: string) => [
    modifiesApplications(erl(text)),
    modifiesCode(erl(text)),
    modifiesProcesses(erl(text)),
  ];
  expect(kinds("restart_new_emulator")).toEqual([true, false, false]);
  expect(kinds(LOAD_A)).toEqual([false, true, false]);
  expect(kinds("{stop,[a]}")).toEqual([false, false, true]);
  for (const text of [
    "point_of_no_return",
    "{suspend,[a]}",
    "{resume,[a]}",
    READ_A,
    "{apply,{application,stop,[shop]}}",
    "{purge,[]}",
    "{load,a}",
    "{strange}",
  ]) {
    expect(kinds(text)).toEqual([false, false, false]);
  }
});

test("what is given is not changed", () => {
  const given: Instructions = both(Object.freeze(list(...REST)), Object.freeze(list(...REST)));
  expect(append(given, X).upInstructions).toHaveLength(4);
  expect(given.upInstructions).toHaveLength(3);
});
