/** How an instruction is made, ours and the users' alike. */

import { UsageError } from "../errors.ts";
import {
  append,
  ensureModuleLoadedBeforeFirstRunnableInstructions,
  type InsertFun,
  type Instruction,
  type Instructions,
  moduleAtom,
} from "../relup/index.ts";
import { atom, type Term, tuple } from "../term/index.ts";
import type { Config } from "./config.ts";
import {
  ensureDependenciesLoadedBeforeInstructionForUpgrade,
  ensureDependenciesUnloadedAfterInstructionForDowngrade,
} from "./dependencies.ts";
import type { InstructionContext, RunnableInstruction } from "./instruction.ts";

/** What a user writes of an instruction; the rest follows from it. */
export interface InstructionDefinition<Args extends Term> {
  /** A name that no other instruction has, as `CheckQueue`, or a whole module's as `MyApp.Relup.CheckQueue`. */
  readonly name: string;
  /** See {@link RunnableInstruction.insertWhere}. Default {@link append}. */
  readonly insertWhere?: InsertFun;
  /** See {@link RunnableInstruction.dependencies}. Default none. */
  readonly dependencies?: readonly RunnableInstruction[];
  /** See {@link RunnableInstruction.arguments}. Default the empty list, as in edeliver. */
  readonly arguments?: (instructions: Instructions, config: Config) => Args;
  /** See {@link RunnableInstruction.run}. */
  run(context: InstructionContext, args: Args): Promise<void>;
}

const NAMESPACE = "Elixir.Edeliver.Relup.Instructions.";

/**
 * Makes an instruction. Its callbacks are edeliver's; what is left out has edeliver's default.
 * @throws UsageError when the name is no name of a module
 * @example
 * import {
 *   defineInstruction,
 *   EDELIVER,
 *   InstructionError,
 *   insertBeforePointOfNoReturn,
 * } from "beamctl/instructions";
 * import { atom, bool } from "beamctl/term";
 *
 * const CheckStock = defineInstruction({
 *   name: "Shop.Relup.CheckStock",
 *   insertWhere: insertBeforePointOfNoReturn,
 *   async run({ node, log }) {
 *     const open = await node.genCall("stock_server", atom("open_orders"));
 *     if (open === bool(true)) throw new InstructionError("CheckStock", "orders are open");
 *     log("info", "no order is open");
 *   },
 * });
 * const plan = [...EDELIVER, CheckStock]; // for upgrade(node, "0.2.0", { plan })
 */
export function defineInstruction<Args extends Term = readonly Term[]>(
  definition: InstructionDefinition<Args>,
): RunnableInstruction<Args> {
  const { name, insertWhere = append, dependencies = [] } = definition;
  if (!/^[A-Z]\w*(\.[A-Z]\w*)*$/.test(name)) {
    throw new UsageError(`${JSON.stringify(name)} is no name of an instruction`, {
      remedy: "Name it like a module: CheckQueue, or MyApp.Relup.CheckQueue.",
    });
  }
  const module = name.includes(".") ? `Elixir.${name}` : NAMESPACE + name;
  const instruction: RunnableInstruction<Args> = {
    name,
    module,
    insertWhere,
    arguments: definition.arguments ?? (() => [] as readonly Term[] as Args),
    dependencies: () => dependencies,
    callThis: (args) => callThis(module, args),
    modifyRelup: (instructions, config) => {
      const call = instruction.callThis([instruction.arguments(instructions, config)]);
      return place(instructions, instruction, call, insertWhere);
    },
    run: (context, args) => definition.run(context, args),
  };
  return instruction;
}

/**
 * `call_this/1` of the module: `{apply, {Module, run, Arguments}}`.
 * @example
 * import { callThis } from "beamctl/instructions";
 * import { atom } from "beamctl/term";
 *
 * callThis("Elixir.Shop.Relup.CheckStock", [atom("shop")]); // => {:apply, {Shop.Relup.CheckStock, :run, [:shop]}}
 */
export function callThis(module: string, args: readonly [Term]): Instruction {
  return tuple(atom("apply"), tuple(moduleAtom(module), atom("run"), args));
}

/**
 * What edeliver's generated `modify_relup/2` does: the call at its place, the instruction's own module loaded before the first call and
 * unloaded after the last, and so for what it depends on.
 */
export function place(
  instructions: Instructions,
  instruction: Pick<RunnableInstruction, "module" | "dependencies">,
  call: Instruction,
  insertWhere: InsertFun,
): Instructions {
  const inserted = insertWhere(instructions, call);
  const own = ensureModuleLoadedBeforeFirstRunnableInstructions(inserted, call);
  const modules = instruction.dependencies().map(({ module }) => module);
  return ensureDependenciesUnloadedAfterInstructionForDowngrade(
    ensureDependenciesLoadedBeforeInstructionForUpgrade(own, call, modules),
    call,
    modules,
  );
}
