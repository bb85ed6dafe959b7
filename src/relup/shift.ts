/**
 * Moves the instruction that loads or unloads a module to where the module is needed: edeliver's `ShiftInstruction`. A module that did not
 * change has no such instruction, and the lists stay as they are. Of both lists the down list is mirrored.
 */

import { type Atom, equals } from "../term/index.ts";
import {
  type Instruction,
  type Instructions,
  isBoth,
  loadedModule,
  moduleAtom,
  runnableModule,
  runnableModuleOf,
  unloadedModule,
} from "./instruction.ts";

type List = readonly Instruction[];

/** Moves what loads or unloads `module` to its side of `instruction`. */
export interface ShiftFun {
  (instructions: Instructions, instruction: Instruction, module: Atom | string): Instructions;
  (instructions: List, instruction: Instruction, module: Atom | string): List;
}

/** Moves what loads or unloads `module`, by default that of the runnable instruction itself, to its side of all calls of it. */
export interface ShiftRunnableFun {
  (instructions: Instructions, runnable: Instruction, module?: Atom | string): Instructions;
  (instructions: List, runnable: Instruction, module?: Atom | string): List;
}

/** `ensure_module_loaded_before_instruction`; in the down list of both it is unloaded after it. */
export const ensureModuleLoadedBeforeInstruction: ShiftFun = shiftFun(
  loadedBeforeOne,
  unloadedAfterOne,
);

/**
 * `ensure_module_unloaded_after_instruction`; in the down list of both it is loaded before it. Several unloading instructions keep their
 * order, which edeliver reverses; an instruction that is not in the list changes nothing, where edeliver never ends.
 */
export const ensureModuleUnloadedAfterInstruction: ShiftFun = shiftFun(
  unloadedAfterOne,
  loadedBeforeOne,
);

/**
 * `ensure_module_loaded_before_first_runnable_instructions`: before the first call of the instruction's module, with whatever arguments;
 * in the down list of both it is unloaded after the last. edeliver leaves a load that stands between two calls where it is.
 * @throws UsageError when `runnable` is no `{apply, {Module, run, Args}}`
 */
export const ensureModuleLoadedBeforeFirstRunnableInstructions: ShiftRunnableFun = shiftRunnableFun(
  loadedBeforeFirst,
  unloadedAfterLast,
);

/**
 * `ensure_module_unloaded_after_last_runnable_instruction`; in the down list of both it is loaded before the first.
 * @throws UsageError when `runnable` is no `{apply, {Module, run, Args}}`
 */
export const ensureModuleUnloadedAfterLastRunnableInstruction: ShiftRunnableFun = shiftRunnableFun(
  unloadedAfterLast,
  loadedBeforeFirst,
);

/** `first_runnable_instruction`: the first `{apply, {Module, run, Args}}` of this module. */
export function firstRunnableInstruction(
  list: List,
  module: Atom | string,
): Instruction | "not_found" {
  const wanted = moduleAtom(module);
  return list.find((instruction) => runnableModule(instruction) === wanted) ?? "not_found";
}

type Change = (list: List, instruction: Instruction, module: Atom) => List;

function shiftFun(up: Change, down: Change): ShiftFun {
  function shift(both: Instructions, instruction: Instruction, module: Atom | string): Instructions;
  function shift(list: List, instruction: Instruction, module: Atom | string): List;
  function shift(
    instructions: Instructions | List,
    instruction: Instruction,
    module: Atom | string,
  ): Instructions | List {
    const wanted = moduleAtom(module);
    if (!isBoth(instructions)) return up(instructions, instruction, wanted);
    return {
      ...instructions,
      upInstructions: up(instructions.upInstructions, instruction, wanted),
      downInstructions: down(instructions.downInstructions, instruction, wanted),
    };
  }
  return shift;
}

function shiftRunnableFun(up: Change, down: Change): ShiftRunnableFun {
  const given = shiftFun(up, down);
  function shift(both: Instructions, runnable: Instruction, module?: Atom | string): Instructions;
  function shift(list: List, runnable: Instruction, module?: Atom | string): List;
  function shift(
    instructions: Instructions | List,
    runnable: Instruction,
    module: Atom | string = runnableModuleOf(runnable),
  ): Instructions | List {
    return isBoth(instructions)
      ? given(instructions, runnable, module)
      : given(instructions, runnable, module);
  }
  return shift;
}

function loadedBeforeOne(list: List, instruction: Instruction, module: Atom): List {
  const anchor = list.findIndex((other) => equals(other, instruction));
  return loadedBefore(list, anchor, module);
}

function loadedBeforeFirst(list: List, runnable: Instruction, module: Atom): List {
  const runs = runnableModuleOf(runnable);
  const anchor = list.findIndex((other) => runnableModule(other) === runs);
  return loadedBefore(list, anchor, module);
}

function unloadedAfterOne(list: List, instruction: Instruction, module: Atom): List {
  const anchor = list.findIndex((other) => equals(other, instruction));
  return unloadedAfter(list, anchor, module);
}

function unloadedAfterLast(list: List, runnable: Instruction, module: Atom): List {
  const runs = runnableModuleOf(runnable);
  const anchor = list.findLastIndex((other) => runnableModule(other) === runs);
  return unloadedAfter(list, anchor, module);
}

/** With the first load of the module moved directly before the anchor, unless it stands before it already. */
function loadedBefore(list: List, anchor: number, module: Atom): List {
  const at = list.findIndex((instruction) => loadedModule(instruction) === module);
  if (anchor < 0 || at < anchor) return list;
  const load = list[at] as Instruction;
  return [...list.slice(0, anchor), load, ...list.slice(anchor, at), ...list.slice(at + 1)];
}

/** With all that loads or unloads the module and stands before the anchor moved directly behind it. */
function unloadedAfter(list: List, anchor: number, module: Atom): List {
  if (anchor < 0) return list;
  const touches = (instruction: Instruction) =>
    loadedModule(instruction) === module || unloadedModule(instruction) === module;
  const early = list.slice(0, anchor);
  const moved = early.filter(touches);
  if (moved.length === 0) return list;
  return [
    ...early.filter((instruction) => !touches(instruction)),
    list[anchor] as Instruction,
    ...moved,
    ...list.slice(anchor + 1),
  ];
}
