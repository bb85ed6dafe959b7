import fc from "fast-check";
import { expect, test } from "vitest";
import { purgeModes, softPurge } from "../../src/relup/index.ts";
import { arbitraryList, both, erl, list, texts } from "./build.ts";

test.each([
  ["{load,{a,brutal_purge,brutal_purge}}", "{load,{a,soft_purge,brutal_purge}}"],
  ["{remove,{a,brutal_purge,brutal_purge}}", "{remove,{a,soft_purge,brutal_purge}}"],
  ["{load_module,a,brutal_purge,soft_purge,[b]}", "{load_module,a,soft_purge,soft_purge,[b]}"],
  ["{update,a,soft,brutal_purge,brutal_purge,[]}", "{update,a,soft,soft_purge,brutal_purge,[]}"],
  [
    "{update,a,5000,soft,brutal_purge,brutal_purge,[]}",
    "{update,a,5000,soft,soft_purge,brutal_purge,[]}",
  ],
  [
    "{update,a,dynamic,default,{advanced,[]},brutal_purge,brutal_purge,[]}",
    "{update,a,dynamic,default,{advanced,[]},soft_purge,brutal_purge,[]}",
  ],
])("%s becomes %s", (from, to) => {
  expect(texts(softPurge([erl(from)]))).toEqual([to]);
  expect(texts(softPurge([erl(to)]))).toEqual([to]);
  const { upInstructions, downInstructions } = softPurge(both([erl(from)], [erl(from)]));
  expect(texts(upInstructions)).toEqual([to]);
  expect(texts(downInstructions)).toEqual([to]);
});

test.each([
  "point_of_no_return",
  "{purge,[a]}",
  "{load,{a,brutal_purge}}",
  "{load,brutal_purge}",
  "{apply,{brutal_purge,brutal_purge,[brutal_purge]}}",
  "{load_module,brutal_purge}",
])("%s stays", (text) => {
  expect(texts(softPurge([erl(text)]))).toEqual([text]);
});

test("of any list only purges beforehand change, and none of them is brutal then", () => {
  fc.assert(
    fc.property(arbitraryList, (given) => {
      const result = softPurge(given);
      expect(texts(result).map((text) => text.replace(/(brutal|soft)_purge/, "either"))).toEqual(
        texts(given).map((text) => text.replace(/(brutal|soft)_purge/, "either")),
      );
      const [was, is] = [purgeModes(given), purgeModes(result)];
      expect(is.every(({ pre }) => pre.brutal === 0)).toBe(true);
      expect(is.map(({ post, purges }) => ({ post, purges }))).toEqual(
        was.map(({ post, purges }) => ({ post, purges })),
      );
      expect(is.map(({ pre }) => pre.soft)).toEqual(was.map(({ pre }) => pre.brutal + pre.soft));
    }),
  );
});

test("purgeModes counts by module, in the order of first mention", () => {
  const given = list(
    "{remove,{b,brutal_purge,soft_purge}}",
    "{purge,[b,c]}",
    "{load,{a,soft_purge,brutal_purge}}",
    "{load,{b,brutal_purge,brutal_purge}}",
  );
  expect(purgeModes(given)).toEqual([
    { module: "b", pre: { brutal: 2, soft: 0 }, post: { brutal: 1, soft: 1 }, purges: 1 },
    { module: "c", pre: { brutal: 0, soft: 0 }, post: { brutal: 0, soft: 0 }, purges: 1 },
    { module: "a", pre: { brutal: 0, soft: 1 }, post: { brutal: 1, soft: 0 }, purges: 0 },
  ]);
});
