/** `beamctl release unpack`: the release handler comes to know a version, and nothing else. */

import { runningRelease, unpackVersion } from "../../upgrade/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { Printer } from "../output/printer.ts";
import { operate } from "../session.ts";

export const run: Run = async (globals, _local, [version = ""]) =>
  operate(globals, async ({ node }) => {
    await confirmChange(globals, `Unpack ${version} on ${node.name}?`);
    const unpacked = await unpackVersion(node, await runningRelease(node), version);
    new Printer(globals).record({ node: node.name, ...unpacked });
    return undefined;
  });
