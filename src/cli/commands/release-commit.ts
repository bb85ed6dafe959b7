/** `beamctl release commit`: the end of an upgrade with `--no-permanent`. */

import { commitRelease } from "../../upgrade/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { milliseconds } from "../duration.ts";
import { Printer } from "../output/printer.ts";
import { operate } from "../session.ts";

export const run: Run = async (globals, local) => {
  const timeout = milliseconds(String(local["wait"]));
  return operate(globals, async ({ node, signal }) => {
    await confirmChange(globals, `Make what runs on ${node.name} permanent?`);
    const { version, already } = await commitRelease(node, { timeout, signal });
    new Printer(globals).record({ node: node.name, version, already });
    return undefined;
  });
};
