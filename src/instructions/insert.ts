/** Where instructions go in a list: edeliver's `InsertInstruction` helpers. */

import type { InsertFun, Instructions, PlanStep } from "./instruction.ts";

/** `insert_before_point_of_no_return`: among the checks, in the order of the calls. */
export const insertBeforePointOfNoReturn: InsertFun = (instructions, step) =>
  inBoth(instructions, (list) => insertAt(list, indexOf(list, "point_of_no_return"), step));

/** `insert_after_point_of_no_return`: the first thing after it. */
export const insertAfterPointOfNoReturn: InsertFun = (instructions, step) =>
  inBoth(instructions, (list) => insertAt(list, indexOf(list, "point_of_no_return") + 1, step));

/** `append_after_point_of_no_return`: after it, and before the first step that modifies code. */
export const appendAfterPointOfNoReturn: InsertFun = (instructions, step) =>
  inBoth(instructions, (list) => insertAt(list, indexOf(list, "install"), step));

/** `append`: at the end. */
export const append: InsertFun = (instructions, step) =>
  inBoth(instructions, (list) => [...list, step]);

function inBoth(
  instructions: Instructions,
  change: (list: readonly PlanStep[]) => PlanStep[],
): Instructions {
  return {
    ...instructions,
    upInstructions: change(instructions.upInstructions),
    downInstructions: change(instructions.downInstructions),
  };
}

function insertAt(list: readonly PlanStep[], index: number, step: PlanStep): PlanStep[] {
  return [...list.slice(0, index), step, ...list.slice(index)];
}

// An anchor that is missing means the end of the list, as edeliver has it.
function indexOf(list: readonly PlanStep[], type: PlanStep["type"]): number {
  const index = list.findIndex((step) => step.type === type);
  return index < 0 ? list.length : index;
}
