/** The modules that an instruction needs, loaded and unloaded by the rules of a relup. */

import {
  ensureModuleLoadedBeforeInstruction,
  ensureModuleUnloadedAfterInstruction,
  type Instruction,
  type Instructions,
} from "../relup/index.ts";

/**
 * `ensure_dependencies_loaded_before_instruction_for_upgrade/3`: in the up list the instruction that loads each of these modules stands
 * before the call. A module that the relup does not load changes nothing.
 * @example
 * import { callThis, ensureDependenciesLoadedBeforeInstructionForUpgrade } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const call = callThis("Elixir.Shop.Relup.CheckStock", [[]]);
 * const load = tuple(atom("load_module"), atom("Elixir.Shop.Stock"));
 * const [upInstructions, downInstructions] = [[call, load], []];
 * const lists = { upInstructions, downInstructions, upVersion: "0.2.0", downVersion: "0.1.0", changedModules: [] };
 * ensureDependenciesLoadedBeforeInstructionForUpgrade(lists, call, ["Elixir.Shop.Stock"]).upInstructions; // => [ {:load_module, Shop.Stock}, {:apply, {Shop.Relup.CheckStock, :run, [[]]}} ]
 */
export function ensureDependenciesLoadedBeforeInstructionForUpgrade(
  instructions: Instructions,
  runnableInstruction: Instruction,
  dependencies: readonly string[],
): Instructions {
  const upInstructions = dependencies.reduce(
    (list, module) => ensureModuleLoadedBeforeInstruction(list, runnableInstruction, module),
    instructions.upInstructions,
  );
  return { ...instructions, upInstructions };
}

/**
 * `ensure_dependencies_unloaded_after_instruction_for_downgrade/3`: in the down list the instruction that unloads each of these modules
 * stands after the call.
 * @example
 * import { callThis, ensureDependenciesUnloadedAfterInstructionForDowngrade } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const call = callThis("Elixir.Shop.Relup.CheckStock", [[]]);
 * const remove = tuple(atom("delete_module"), atom("Elixir.Shop.Stock"));
 * const [upInstructions, downInstructions] = [[], [remove, call]];
 * const lists = { upInstructions, downInstructions, upVersion: "0.2.0", downVersion: "0.1.0", changedModules: [] };
 * ensureDependenciesUnloadedAfterInstructionForDowngrade(lists, call, ["Elixir.Shop.Stock"]).downInstructions; // => [ {:apply, {Shop.Relup.CheckStock, :run, [[]]}}, {:delete_module, Shop.Stock} ]
 */
export function ensureDependenciesUnloadedAfterInstructionForDowngrade(
  instructions: Instructions,
  runnableInstruction: Instruction,
  dependencies: readonly string[],
): Instructions {
  const downInstructions = dependencies.reduce(
    (list, module) => ensureModuleUnloadedAfterInstruction(list, runnableInstruction, module),
    instructions.downInstructions,
  );
  return { ...instructions, downInstructions };
}
