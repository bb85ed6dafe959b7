/** LoadProtocols: the consolidated protocols of the new version, which no relup loads. Not edeliver's. */

import {
  codePath,
  consolidatedProtocols,
  loadAbsolute,
  processesRunningOldCode,
  replaceInCodePath,
  rootDir,
  softPurge,
  whichReleases,
} from "../otp/index.ts";
import { append, type Instruction, type Instructions, moduleLabel } from "../relup/index.ts";
import { charlist, type Term, textOf } from "../term/index.ts";
import { callThis, defineInstruction, place } from "./define.ts";
import { InstructionError } from "./errors.ts";
import { guarded } from "./guarded.ts";
import type { InstructionContext, RunnableInstruction } from "./instruction.ts";

const NAME = "LoadProtocols";

/** How a boot of a mix release has the folder on its code path. */
const ON_PATH = /\/releases\/[^/]+\/consolidated\/?$/;

const RUN: RunnableInstruction<Term> = defineInstruction({
  name: NAME,
  insertWhere: append,
  arguments: () => [],

  async run(context, version) {
    const { node, log } = context;
    guarded(NAME, context);
    const name = textOf(version) || (await runningVersion(context));
    const root = await rootDir(node);
    const folder = `${root}/releases/${name}/consolidated`;
    const compared = await consolidatedProtocols(node, folder);
    if (compared.length === 0) {
      log("info", `${name} has no consolidated protocols`);
      return;
    }
    const stale = compared.filter(({ same }) => !same).map(({ module }) => module);
    for (const { module, pids } of await processesRunningOldCode(node, stale)) {
      if (pids.length > 0) throw refused(module, `${pids.length} processes run its old code`);
    }
    for (const module of stale) {
      if (!(await softPurge(node, module))) throw refused(module, "a process runs its old code");
      const problem = await loadAbsolute(node, `${folder}/${module}`);
      if (problem !== undefined) throw refused(module, problem);
    }
    // As a boot of that version has it: what is loaded by name later comes from there, too.
    const others = (await codePath(node)).filter((one) => ON_PATH.test(one));
    await replaceInCodePath(node, others, `${root}/lib/../releases/${name}/consolidated`);
    const differs = (await consolidatedProtocols(node, folder)).find(({ same }) => !same);
    if (differs !== undefined) throw refused(differs.module, "it still differs from the disk");
    log("info", `loaded ${stale.length} of ${compared.length} consolidated protocols of ${name}`);

    function refused(module: string, text: string): InstructionError {
      return new InstructionError(NAME, `${moduleLabel(module)}: ${text}`, {
        node: node.name,
        remedy:
          "The protocols before it are loaded. Let the processes in old code end and run it again: `beamctl instruction run LoadProtocols`.",
      });
    }
  },
});

/**
 * Loads those protocols of `releases/VSN/consolidated` that differ from what is loaded, each after a `code:soft_purge/1`, puts the folder in front of the
 * code path in the place of the other version's, and reads back that all are loaded as on the disk. The argument is the version as text; empty means the
 * one that runs. It goes first behind the relup's own instructions, in a downgrade with the version that it leads to. Nobody is killed.
 * @throws InstructionError that names the protocol and why
 */
export const LoadProtocols: RunnableInstruction<Term> = {
  ...RUN,
  modifyRelup(instructions) {
    const { upVersion, downVersion } = instructions;
    return {
      ...instructions,
      upInstructions: placed(instructions, upVersion).upInstructions,
      downInstructions: placed(instructions, downVersion).downInstructions,
    };
  },
};

function placed(instructions: Instructions, version: string): Instructions {
  const call: Instruction = callThis(RUN.module, [charlist(version)]);
  return place(instructions, RUN, call, append);
}

async function runningVersion({ node }: InstructionContext): Promise<string> {
  const releases = await whichReleases(node);
  const running =
    releases.find(({ status }) => status === "current") ??
    releases.find(({ status }) => status === "permanent");
  return running?.version ?? "";
}
