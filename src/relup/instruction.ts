/** An instruction of a relup, the lists of both directions, and what can be read off one instruction. */

import { UsageError } from "../errors.ts";
import { Atom, atom, inspect, type Term, Tuple } from "../term/index.ts";

/** An instruction of relup(4) or appup(4): edeliver's `:relup.instruction`. */
export type Instruction = Atom | Tuple;

/** The lists of both directions with their versions: edeliver's struct `Edeliver.Relup.Instructions`. */
export interface Instructions {
  readonly upInstructions: readonly Instruction[];
  readonly downInstructions: readonly Instruction[];
  /** The version that the upgrade leads to. */
  readonly upVersion: string;
  /** The version that the downgrade leads to. */
  readonly downVersion: string;
  /** The modules that the up instructions load, as full names (`Elixir.Shop.Counter`). */
  readonly changedModules: readonly string[];
}

/** One instruction, or several that keep their order. */
export type Added = Instruction | readonly Instruction[];

/** Puts instructions at the place it is named after, in both lists or in the one that is given. */
export interface InsertFun {
  (instructions: Instructions, added: Added): Instructions;
  (instructions: readonly Instruction[], added: Added): readonly Instruction[];
}

/** An instruction's name and what stands behind it; the name is `""` where the term has none. */
export interface Parts {
  readonly tag: string;
  readonly args: readonly Term[];
}

/** Takes an instruction apart: `point_of_no_return` has no arguments. */
export function partsOf(instruction: Instruction): Parts {
  if (instruction instanceof Atom) return { tag: instruction.name, args: [] };
  const [tag, ...args] = instruction.items;
  return tag instanceof Atom && args.length > 0 ? { tag: tag.name, args } : { tag: "", args: [] };
}

/** The atom of a module: `Shop.Counter` and `Elixir.Shop.Counter` are Elixir's, `lists` is Erlang's. */
export function moduleAtom(module: Atom | string): Atom {
  if (module instanceof Atom) return module;
  return atom(/^[A-Z]/.test(module) && !/^Elixir(\.|$)/.test(module) ? `Elixir.${module}` : module);
}

/** A module's full name as people write it: without the prefix of Elixir. */
export function moduleLabel(name: string): string {
  return name.replace(/^Elixir\.(?=[A-Z])/, "");
}

/** The module that an instruction loads (`load`, `load_module`, `add_module`), if it is one that does. */
export function loadedModule(instruction: Instruction): Atom | undefined {
  const { tag, args } = partsOf(instruction);
  switch (tag) {
    case "load":
      return args.length === 1 ? ofPurges(args[0]) : undefined;
    case "load_module":
      return [1, 2, 4].includes(args.length) ? asAtom(args[0]) : undefined;
    case "add_module":
      return [1, 2].includes(args.length) ? asAtom(args[0]) : undefined;
    default:
      return undefined;
  }
}

/** The module that an instruction unloads (`remove`, `delete_module`, `purge` of one module), if it is one that does. */
export function unloadedModule(instruction: Instruction): Atom | undefined {
  const { tag, args } = partsOf(instruction);
  switch (tag) {
    case "remove":
      return args.length === 1 ? ofPurges(args[0]) : undefined;
    case "delete_module":
      return [1, 2].includes(args.length) ? asAtom(args[0]) : undefined;
    case "purge": {
      const [modules] = args;
      return args.length === 1 && Array.isArray(modules) && modules.length === 1
        ? asAtom(modules[0])
        : undefined;
    }
    default:
      return undefined;
  }
}

/** The module of a runnable instruction `{apply, {Module, run, Args}}`, if it is one. */
export function runnableModule(instruction: Instruction): Atom | undefined {
  const { tag, args } = partsOf(instruction);
  const [call] = args;
  if (tag !== "apply" || args.length !== 1 || !(call instanceof Tuple)) return undefined;
  const [module, fun] = call.items;
  const runs = call.items.length === 3 && fun instanceof Atom && fun.name === "run";
  return runs ? asAtom(module) : undefined;
}

/**
 * The module of a runnable instruction.
 * @throws UsageError when it is no `{apply, {Module, run, Args}}`
 */
export function runnableModuleOf(instruction: Instruction): Atom {
  const module = runnableModule(instruction);
  if (module !== undefined) return module;
  throw new UsageError(`${inspect(instruction, { limit: 10 })} is no runnable instruction`, {
    remedy: "Give an instruction of the form {apply, {Module, run, Args}}.",
  });
}

/** Whether the value is the struct of both lists and not one list. */
export function isBoth(x: Instructions | readonly Instruction[]): x is Instructions {
  return !Array.isArray(x);
}

// The module of {Module, PrePurge, PostPurge}.
function ofPurges(term: Term | undefined): Atom | undefined {
  return term instanceof Tuple && term.items.length === 3 ? asAtom(term.items[0]) : undefined;
}

function asAtom(term: Term | undefined): Atom | undefined {
  return term instanceof Atom ? term : undefined;
}
