import { describe, expect, test } from "vitest";
import { RelupError } from "../../src/relup/errors.ts";
import { changedModules, parseRelup, restartsEmulator } from "../../src/relup/relup.ts";
import { atom, charlist, type Term, tuple } from "../../src/term/index.ts";

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
    ["an atom", atom("ok")],
    ["a pair", tuple(charlist("0.2.0"), [])],
    ["a version that is no text", tuple(atom("x"), [], [])],
    ["an entry of another shape", tuple(charlist("0.2.0"), [tuple(charlist("0.1.0"))], [])],
  ])("refuses %s", (_name, term) => {
    expect(() => parseRelup(term)).toThrow(RelupError);
  });
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
