/** ReloadModules: the beams on the node's disk are loaded, without killing anybody. */

import {
  loadedAgainstDisk,
  loadFile,
  moduleVersions,
  processesRunningOldCode,
  softPurge,
} from "../otp/index.ts";
import { appendAfterPointOfNoReturn, moduleLabel } from "../relup/index.ts";
import type { Term } from "../term/index.ts";
import { defineInstruction } from "./define.ts";
import { InstructionError } from "./errors.ts";
import { guarded } from "./guarded.ts";
import type { RunnableInstruction } from "./instruction.ts";
import { modulesArgument, namesOf } from "./modules-argument.ts";

const NAME = "ReloadModules";

/**
 * Loads those of the modules whose code differs from the beam on the node's code path (`code:load_file/1`), after a `code:soft_purge/1`, and
 * reads back that they are equal now. Nobody is killed: a module whose old code still runs is refused before any is loaded. There is
 * no undo: code that was loaded stays.
 * @throws InstructionError that names the module and why: old code runs, `sticky_directory`, `on_load_failure`, `nofile`
 */
export const ReloadModules: RunnableInstruction<readonly Term[]> = defineInstruction({
  name: NAME,
  insertWhere: appendAfterPointOfNoReturn,
  arguments: modulesArgument,

  async run(context, modules) {
    const { node, facts, log } = context;
    guarded(NAME, context);
    const compared = await loadedAgainstDisk(node, namesOf(modules));
    const stale = compared
      .filter(({ loaded, same }) => loaded && !same)
      .map(({ module }) => module);
    const old = await processesRunningOldCode(node, stale);
    const busy = old.find(({ pids }) => pids.length > 0);
    if (busy !== undefined) {
      throw refused(`${moduleLabel(busy.module)}: ${busy.pids.length} processes run its old code`);
    }
    facts.oldVersions = await moduleVersions(node, stale);
    for (const module of stale) {
      if (!(await softPurge(node, module))) {
        throw refused(`${moduleLabel(module)}: a process runs its old code`);
      }
      const problem = await loadFile(node, module);
      if (problem !== undefined) throw refused(`${moduleLabel(module)}: ${problem}`);
    }
    const after = await loadedAgainstDisk(node, stale);
    const differs = after.filter(({ same }) => !same).map(({ module }) => moduleLabel(module));
    if (differs.length > 0) throw refused(`${differs.join(", ")} still differ from the disk`);
    log("info", `loaded ${stale.length} of ${modules.length} modules; the rest is as on the disk`);

    function refused(text: string): InstructionError {
      return new InstructionError(NAME, text, {
        node: node.name,
        remedy: "Let the processes in old code end, or put the beam on the node's code path.",
      });
    }
  },
});
