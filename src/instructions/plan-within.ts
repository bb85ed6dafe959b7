/** A plan for a relup that calls us. */

import {
  appendAfterPointOfNoReturn,
  type Instruction,
  type Instructions,
  insertAfterPointOfNoReturn,
  modifies,
  partsOf,
} from "../relup/index.ts";
import { catalogueOf, instructionOf } from "./catalogue.ts";
import type { InstructionConfig } from "./config.ts";
import type { RunnableInstruction } from "./instruction.ts";
import { type PlanEntry, plan, runnableOf } from "./plan.ts";

/**
 * As {@link plan}, for a relup that calls us: ours come before its first own `{suspend, _}`, as they do from outside. A channel or a request that calls
 * a process which stands still hangs in that call, and could neither be suspended nor end.
 * @example
 * import { DEFAULT_CONFIG, MINIMAL, planWithin } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const list = [atom("point_of_no_return"), tuple(atom("load_module"), atom("Elixir.Shop.Page"))];
 * const [upVersion, downVersion, changedModules] = ["0.2.0", "0.1.0", ["Elixir.Shop.Page"]];
 * const relup = { upInstructions: list, downInstructions: list, upVersion, downVersion, changedModules };
 * const config = { ...DEFAULT_CONFIG, application: "shop" };
 * planWithin(MINIMAL, relup, config).upInstructions.length; // => 3
 */
export function planWithin(
  entries: readonly PlanEntry[],
  instructions: Instructions,
  config: InstructionConfig,
): Instructions {
  const result = plan(entries, instructions, config);
  const catalogue = catalogueOf(runnableOf(entries));
  const { upInstructions: up, downInstructions: down } = instructions;
  return {
    ...result,
    upInstructions: oursFirst(result.upInstructions, new Set(up), catalogue),
    downInstructions: oursFirst(result.downInstructions, new Set(down), catalogue),
  };
}

/**
 * Ours are looked for up to the relup's first change, or to one that was put elsewhere than after the point of no return: it has its own reason to
 * stand where it does.
 */
function oursFirst(
  list: readonly Instruction[],
  relups: ReadonlySet<Instruction>,
  catalogue: ReadonlyMap<string, RunnableInstruction>,
): readonly Instruction[] {
  const theirs = (one: Instruction) => relups.has(one);
  const ends = (one: Instruction): boolean => {
    if (theirs(one)) return modifies(one);
    const where = instructionOf(one, catalogue)?.insertWhere;
    return where !== appendAfterPointOfNoReturn && where !== insertAfterPointOfNoReturn;
  };
  const suspends = (one: Instruction) => theirs(one) && partsOf(one).tag === "suspend";
  const from = list.findIndex((one) => partsOf(one).tag === "point_of_no_return") + 1;
  const after = list.slice(from);
  const end = after.findIndex(ends);
  const stretch = end < 0 ? after : after.slice(0, end);
  const first = stretch.findIndex(suspends);
  if (first < 0) return list;
  const rest = stretch.slice(first);
  return [
    ...list.slice(0, from + first),
    ...rest.filter((one) => !theirs(one)),
    ...rest.filter(theirs),
    ...after.slice(stretch.length),
  ];
}
