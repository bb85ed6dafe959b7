/** The argument of the instructions for changed modules. */

import { UsageError } from "../errors.ts";
import { moduleAtom } from "../relup/index.ts";
import { Atom, inspect, type Term } from "../term/index.ts";

/** The argument: the modules that change. */
export function modulesArgument({
  changedModules,
}: {
  readonly changedModules: readonly string[];
}): readonly Term[] {
  return changedModules.map(moduleAtom);
}

/**
 * The names of the modules in an argument.
 * @throws UsageError when it is no list of modules: a relup or a user can give any term
 */
export function namesOf(modules: Term): string[] {
  if (Array.isArray(modules) && modules.every((module) => module instanceof Atom)) {
    return modules.map(({ name }) => name);
  }
  throw new UsageError(`${inspect(modules, { limit: 5 })} is no list of modules`, {
    remedy: "Give atoms in a list, as [Shop.Counter].",
  });
}
