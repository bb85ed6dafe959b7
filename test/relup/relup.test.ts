import { describe, expect, test } from "vitest";
import {
  append,
  changedModules,
  instructionsOf,
  moduleAtom,
  parseRelup,
  RelupError,
  relupTerm,
  restartsEmulator,
  withInstructions,
} from "../../src/relup/index.ts";
import { atom, binary, charlist, equals, type Term, tuple } from "../../src/term/index.ts";

const load = (...modules: string[]) =>
  tuple(
    atom("load_object_code"),
    tuple(
      atom("shop"),
      charlist("0.2.0"),
      modules.map((name) => atom(name)),
    ),
  );
const instructions = [
  load("Elixir.Shop.Counter", "Elixir.Shop.Room"),
  atom("point_of_no_return"),
  tuple(atom("suspend"), [atom("Elixir.Shop.Counter")]),
  load("Elixir.Shop.Room", "Elixir.Shop.New"),
];
const entry = (version: string, list: readonly Term[]) => tuple(charlist(version), [], [...list]);
const relup = tuple(charlist("0.2.0"), [entry("0.1.0", instructions)], [entry("0.1.0", [])]);

describe("parseRelup", () => {
  test("gives versions and instructions of both directions", () => {
    const parsed = parseRelup(relup);
    expect(parsed.version).toBe("0.2.0");
    expect(parsed.up.map(({ version }) => version)).toEqual(["0.1.0"]);
    expect(parsed.up[0]?.instructions).toEqual(instructions);
    expect(parsed.down[0]?.instructions).toEqual([]);
  });

  test.each([
    ["an atom", atom("ok"), "it is no {Vsn, Up, Down}"],
    ["a pair", tuple(charlist("0.2.0"), []), "it is no {Vsn, Up, Down}"],
    ["a version that is no text", tuple(atom("x"), [], []), "its version is no string"],
    ["a version in a binary", tuple(binary("0.2.0"), [], []), "its version is no string"],
    ["no list of entries", tuple(charlist("0.2.0"), [], atom("x")), "down is no list"],
    [
      "an entry of another shape",
      tuple(charlist("0.2.0"), [entry("0.1.0", []), tuple(charlist("0.0.1"))], []),
      "up, entry 2 is no {Vsn, Descr, Instructions}",
    ],
    [
      "an entry whose version is no text",
      tuple(charlist("0.2.0"), [], [tuple(1, [], [])]),
      "down, entry 1: its version is no string",
    ],
    [
      "instructions that are no list",
      tuple(charlist("0.2.0"), [tuple(charlist("0.1.0"), [], atom("x"))], []),
      "up from 0.1.0: its instructions are no list",
    ],
    [
      "an instruction that is none",
      tuple(charlist("0.2.0"), [], [entry("0.1.0", [...instructions, 42])]),
      "down to 0.1.0, instruction 5: 42 is no instruction",
    ],
  ])("refuses %s and names the place", (_name, term, place) => {
    expect(() => parseRelup(term, "/r/relup")).toThrow(RelupError);
    expect(() => parseRelup(term, "/r/relup")).toThrow(`/r/relup cannot be used: ${place}`);
  });
});

test("relupTerm gives back what was parsed, descriptions too", () => {
  const term = tuple(
    charlist("0.2.0"),
    [tuple(charlist("0.1.0"), charlist("über"), instructions)],
    [entry("0.1.0", []), entry("0.0.9", [atom("restart_emulator")])],
  );
  expect(equals(relupTerm(parseRelup(term)), term)).toBe(true);
});

test("the lists between two versions are taken out and put back", () => {
  const parsed = parseRelup(relup);
  const lists = instructionsOf(parsed, "0.1.0");
  expect(lists).toMatchObject({ upVersion: "0.2.0", downVersion: "0.1.0", downInstructions: [] });
  expect(lists.changedModules[0]).toBe("Elixir.Shop.Counter");
  expect(withInstructions(parsed, lists)).toEqual(parsed);
  const more = append(lists, atom("restart_emulator"));
  const changed = withInstructions(parsed, more);
  expect(changed.down[0]?.instructions).toEqual([atom("restart_emulator")]);
  expect(changed.up[0]?.instructions).toHaveLength(5);
  expect(withInstructions(parsed, { ...more, downVersion: "0.0.9" })).toEqual(parsed);
  expect(instructionsOf(parsed, "0.0.9").upInstructions).toEqual([]);
});

test.each([
  ["Shop.Counter", "Elixir.Shop.Counter"],
  ["Elixir.Shop.Counter", "Elixir.Shop.Counter"],
  ["lists", "lists"],
])("moduleAtom takes %s for %s", (name, full) => {
  expect(moduleAtom(name)).toBe(atom(full));
  expect(moduleAtom(atom(name))).toBe(atom(name));
});

test("changedModules names each loaded module once, in order", () => {
  expect(changedModules(instructions)).toEqual([
    "Elixir.Shop.Counter",
    "Elixir.Shop.Room",
    "Elixir.Shop.New",
  ]);
});

test("restartsEmulator sees both kinds of restart", () => {
  expect(restartsEmulator(instructions)).toBe(false);
  expect(restartsEmulator([atom("restart_new_emulator")])).toBe(true);
  expect(restartsEmulator([...instructions, atom("restart_emulator")])).toBe(true);
});
