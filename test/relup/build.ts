/** Instructions for the tests of relups, from Erlang text, and lists of them at random. */

import fc from "fast-check";
import { type Instruction, type Instructions, moduleAtom } from "../../src/relup/index.ts";
import { atom, charlist, inspect, parse, tuple } from "../../src/term/index.ts";

/** The instruction of this Erlang text. */
export function erl(text: string): Instruction {
  return parse(text, { syntax: "erlang" }) as Instruction;
}

/** The instructions of these Erlang texts. */
export function list(...texts: string[]): Instruction[] {
  return texts.map(erl);
}

/** The Erlang texts of instructions, in which tests compare lists. */
export function texts(instructions: readonly Instruction[]): string[] {
  return instructions.map((instruction) => inspect(instruction, { syntax: "erlang" }));
}

/** Both lists between 0.1.0 and 0.2.0. */
export function both(up: readonly Instruction[], down: readonly Instruction[]): Instructions {
  return {
    upInstructions: up,
    downInstructions: down,
    upVersion: "0.2.0",
    downVersion: "0.1.0",
    changedModules: ["a", "b"],
  };
}

/** edeliver's runnable instruction of this name, with one argument. */
export function run(name: string, argument: string): Instruction {
  const module = moduleAtom(`Edeliver.Relup.Instructions.${name}`);
  return tuple(
    atom("apply"),
    tuple(module, atom("run"), [parse(argument, { syntax: "erlang" })]),
  ) as Instruction;
}

export const PONR: Instruction = atom("point_of_no_return");

/** A few modules, so that instructions about the same one meet. */
export const MODULES = ["a", "b", "Elixir.Shop.Counter"] as const;

const module = fc.constantFrom(...MODULES).map(atom);
const mode = fc.constantFrom("brutal_purge", "soft_purge").map(atom);
const tagged = (tag: string, ...rest: fc.Arbitrary<unknown>[]) =>
  fc.tuple(...rest).map((args) => tuple(atom(tag), ...(args as never[])) as Instruction);

/** Any instruction but the point of no return. */
export const arbitraryInstruction: fc.Arbitrary<Instruction> = fc.oneof(
  tagged(
    "load_object_code",
    fc.uniqueArray(module).map((modules) => tuple(atom("shop"), charlist("0.2.0"), modules)),
  ),
  ...["load", "remove"].map((tag) =>
    tagged(
      tag,
      fc.tuple(module, mode, mode).map((items) => tuple(...items)),
    ),
  ),
  ...["suspend", "resume", "purge", "stop", "start"].map((tag) =>
    tagged(tag, fc.uniqueArray(module, { minLength: 1 })),
  ),
  tagged(
    "code_change",
    module.map((name) => [tuple(name, [])]),
  ),
  tagged("load_module", module),
  tagged("load_module", module, mode, mode, fc.constant([])),
  tagged("update", module, fc.constant(atom("soft")), mode, mode, fc.constant([])),
  tagged("delete_module", module),
  fc
    .tuple(module, fc.constantFrom("run", "other"), fc.integer({ min: 0, max: 3 }))
    .map(([name, fun, n]) => tuple(atom("apply"), tuple(name, atom(fun), [n])) as Instruction),
);

/** A list with one point of no return. */
export const arbitraryList: fc.Arbitrary<Instruction[]> = fc
  .tuple(
    fc.array(arbitraryInstruction, { maxLength: 5 }),
    fc.array(arbitraryInstruction, { maxLength: 8 }),
  )
  .map(([before, after]) => [...before, PONR, ...after]);
