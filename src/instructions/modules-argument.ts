/** The argument of the instructions for changed modules. */

import { moduleAtom } from "../relup/index.ts";
import { Atom, type Term } from "../term/index.ts";

/** The argument: the modules that change. */
export function modulesArgument({
  changedModules,
}: {
  readonly changedModules: readonly string[];
}): readonly Term[] {
  return changedModules.map(moduleAtom);
}

/** The names of the modules in an argument. */
export function namesOf(modules: readonly Term[]): string[] {
  return modules.flatMap((module) => (module instanceof Atom ? [module.name] : []));
}
