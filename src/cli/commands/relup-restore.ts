/** `beamctl relup restore`: puts the newest backup of a relup back. */

import { relupBackups, restoreRelup } from "../../relup/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { Printer } from "../output/printer.ts";
import { operate } from "../session.ts";

export const run: Run = async (globals, local, [version = ""]) =>
  operate(globals, async ({ node, signal }) => {
    const options = { signal };
    const wanted = local["backup"] as string | undefined;
    const name = wanted ?? (await relupBackups(node, version, options)).at(-1);
    if (name !== undefined) {
      await confirmChange(globals, `Put ${name} in the place of the relup of ${version}?`);
    }
    const { file, backup, kept } = await restoreRelup(node, version, name, options);
    new Printer(globals).record({ node: node.name, file, backup, kept: kept ?? null });
    return undefined;
  });
