import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import {
  firstRunnableInstruction,
  type Instruction,
  ensureModuleLoadedBeforeInstruction as loadedBefore,
  ensureModuleLoadedBeforeFirstRunnableInstructions as loadedBeforeFirst,
  ensureModuleUnloadedAfterInstruction as unloadedAfter,
  ensureModuleUnloadedAfterLastRunnableInstruction as unloadedAfterLast,
} from "../../src/relup/index.ts";
import { loadedModule, runnableModule, unloadedModule } from "../../src/relup/instruction.ts";
import { atom } from "../../src/term/index.ts";
import { arbitraryList, both, erl, list, MODULES, PONR, texts } from "./build.ts";

const A1 = "{apply,{a,run,[1]}}";
const A2 = "{apply,{a,run,[2]}}";
const LOAD = "{load,{a,brutal_purge,brutal_purge}}";
const REMOVE = "{remove,{a,brutal_purge,brutal_purge}}";
const PURGE = "{purge,[a]}";

describe("one list", () => {
  test.each([
    LOAD,
    "{load_module,a}",
    "{load_module,a,[b]}",
    "{load_module,a,soft_purge,soft_purge,[]}",
    "{add_module,a}",
    "{add_module,a,[b]}",
  ])("%s moves before the run that needs it, across the point of no return", (load) => {
    const given = list("{x,1}", A1, "point_of_no_return", load, "{y,1}");
    expect(texts(loadedBefore(given, erl(A1), "a"))).toEqual(
      texts(list("{x,1}", load, A1, "point_of_no_return", "{y,1}")),
    );
    expect(texts(loadedBeforeFirst(given, erl(A1)))).toEqual(
      texts(list("{x,1}", load, A1, "point_of_no_return", "{y,1}")),
    );
  });

  test("a load before all calls of the module's run, not only this one", () => {
    const given = list(A1, LOAD, A2);
    expect(texts(loadedBeforeFirst(given, erl(A2)))).toEqual([LOAD, A1, A2]);
    expect(texts(unloadedAfterLast(given, erl(A1)))).toEqual([A1, A2, LOAD]);
  });

  test("a dependency moves before the module that needs it", () => {
    const given = list(A1, "{load,{b,soft_purge,soft_purge}}");
    expect(texts(loadedBeforeFirst(given, erl(A1), atom("b")))[0]).toMatch(/^{load,{b/);
  });

  test("unloading moves behind the run, in the order that it had", () => {
    expect(texts(unloadedAfter(list(REMOVE, PURGE, "{x,1}", A1, A2), erl(A1), "a"))).toEqual(
      texts(list("{x,1}", A1, REMOVE, PURGE, A2)),
    );
    expect(texts(unloadedAfterLast(list(REMOVE, PURGE, A1, "{x,1}", A2), erl(A1)))).toEqual(
      texts(list(A1, "{x,1}", A2, REMOVE, PURGE)),
    );
  });

  test.each([
    ["an instruction that is not there", list(LOAD, "{x,1}")],
    ["a module that did not change", list("{x,1}", A1)],
    ["what is on its side already", list(LOAD, A1, REMOVE)],
  ])("%s: nothing changes", (_name, given) => {
    const kept = texts(given);
    expect(texts(loadedBefore(given, erl(A1), "a"))).toEqual(kept);
    expect(texts(loadedBeforeFirst(given, erl(A1)))).toEqual(kept);
    const late = given.filter((instruction) => texts([instruction])[0] !== LOAD);
    expect(texts(unloadedAfter(late, erl(A1), "a"))).toEqual(texts(late));
    expect(texts(unloadedAfterLast(late, erl(A1)))).toEqual(texts(late));
  });

  test("the first run of a module, or not_found", () => {
    expect(firstRunnableInstruction(list("{x,1}", A2, A1), "a")).toEqual(erl(A2));
    expect(firstRunnableInstruction(list(A1, "{apply,{b,other,[]}}"), "b")).toBe("not_found");
    expect(firstRunnableInstruction(list("{apply,{'Elixir.B',run,[1]}}"), "B")).not.toBe(
      "not_found",
    );
  });

  test("what is no run of a module is refused", () => {
    expect(() => loadedBeforeFirst([], erl("{apply,{a,other,[]}}"))).toThrow(UsageError);
    expect(() => unloadedAfterLast([], PONR)).toThrow(UsageError);
  });
});

test("of both lists the down list is mirrored", () => {
  const given = both(list(A1, LOAD), list(LOAD, A1));
  for (const result of [loadedBefore(given, erl(A1), "a"), loadedBeforeFirst(given, erl(A1))]) {
    expect(texts(result.upInstructions)).toEqual([LOAD, A1]);
    expect(texts(result.downInstructions)).toEqual([A1, LOAD]);
  }
  const turned = both(list(LOAD, A1), list(A1, LOAD));
  for (const result of [unloadedAfter(turned, erl(A1), "a"), unloadedAfterLast(turned, erl(A1))]) {
    expect(texts(result.upInstructions)).toEqual([A1, LOAD]);
    expect(texts(result.downInstructions)).toEqual([LOAD, A1]);
  }
});

describe("whatever the list", () => {
  const cases = fc.tuple(
    arbitraryList,
    fc.constantFrom(...MODULES).map((name) => erl(`{apply,{'${name}',run,[1]}}`)),
    fc.constantFrom(...MODULES).map(atom),
  );
  const touches = (module: unknown) => (instruction: Instruction) =>
    loadedModule(instruction) === module || unloadedModule(instruction) === module;

  test("nothing is lost, and all that is not the module's keeps its order", () => {
    fc.assert(
      fc.property(cases, ([given, run, module]) => {
        for (const shift of [loadedBefore, unloadedAfter, loadedBeforeFirst, unloadedAfterLast]) {
          const result = shift(given, run, module);
          expect(texts(result).toSorted()).toEqual(texts(given).toSorted());
          const others = (all: readonly Instruction[]) =>
            all.filter((one) => !touches(module)(one));
          expect(others(result)).toEqual(others(given));
          expect(result.filter((instruction) => instruction === PONR)).toHaveLength(1);
          expect(texts(shift(result, run, module))).toEqual(texts(result)); // once is enough
        }
      }),
    );
  });

  test("the module is there for every run of it", () => {
    fc.assert(
      fc.property(cases, ([given, run, module]) => {
        const runs = runnableModule(run);
        const up = loadedBeforeFirst(given, run, module);
        const first = up.findIndex((instruction) => runnableModule(instruction) === runs);
        const load = up.findIndex((instruction) => loadedModule(instruction) === module);
        expect(first < 0 || load < first).toBe(true);
        const down = unloadedAfterLast(given, run, module);
        const last = down.findLastIndex((instruction) => runnableModule(instruction) === runs);
        expect(down.slice(0, Math.max(last, 0)).some(touches(module))).toBe(false);
      }),
    );
  });
});
