/** CheckProcessesRunningOldCode: loading a module purges its old code, and that kills whoever still runs it. */

import { processesRunningOldCode } from "../otp/index.ts";
import { insertBeforePointOfNoReturn, moduleLabel } from "../relup/index.ts";
import type { Term } from "../term/index.ts";
import { defineInstruction } from "./define.ts";
import { InstructionError } from "./errors.ts";
import type { RunnableInstruction } from "./instruction.ts";
import { modulesArgument, namesOf } from "./modules-argument.ts";

const NAME = "CheckProcessesRunningOldCode";
const SHOWN = 5;

/**
 * Refuses the upgrade when a process still runs the old code of a module that is about to be loaded; the argument is the list of them. Unlike
 * edeliver's, it asks who runs the code (`erlang:check_process_code/2`) and not merely whether old code is there, which a purge
 * removes without harm. Changes nothing; safe on a busy node.
 */
export const CheckProcessesRunningOldCode: RunnableInstruction<readonly Term[]> = defineInstruction(
  {
    name: NAME,
    insertWhere: insertBeforePointOfNoReturn,
    arguments: modulesArgument,

    async run({ node, log, signal }, modules) {
      const names = namesOf(modules);
      const found = await processesRunningOldCode(node, names, signal ? { signal } : {});
      const running = found.filter(({ pids }) => pids.length > 0);
      if (running.length === 0) {
        const idle = found.length > 0 ? `; ${found.length} have old code that no process runs` : "";
        log("info", `none of ${names.length} modules has processes in old code${idle}`);
        return;
      }
      const first = running.slice(0, SHOWN).map(({ module, pids }) => {
        const more = pids.length > SHOWN ? ` and ${pids.length - SHOWN} more` : "";
        return `${moduleLabel(module)} (${pids.slice(0, SHOWN).join(", ")}${more})`;
      });
      throw new InstructionError(NAME, `processes still run old code of ${first.join(", ")}`, {
        node: node.name,
        remedy:
          "Let these processes end, or restart them; loading the modules again would kill them.",
      });
    },
  },
);
