/** `beamctl relup show`: the terms of a version's relup as they stand on the node. */

import { readRelupFile } from "../../relup/index.ts";
import type { Run } from "../command.ts";
import { Printer } from "../output/printer.ts";
import { observe } from "../session.ts";

export const run: Run = async (globals, _local, [version = ""]) =>
  observe(globals, async ({ remote, signal }) => {
    const { term } = await readRelupFile(remote, version, { signal });
    new Printer(globals).term(term, remote.name);
    return undefined;
  });
