/** `beamctl release push`: a package goes to the node in verified chunks. */

import { type PushOptions, pushRelease } from "../../upgrade/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { Printer } from "../output/printer.ts";
import { followPush } from "../push-progress.ts";
import { operate } from "../session.ts";

export const run: Run = async (globals, local, [tarball = ""]) => {
  const printer = new Printer(globals);
  return operate(globals, async ({ node, signal }) => {
    await confirmChange(globals, `Copy ${tarball} to ${node.name}?`);
    const as = local["as"] as string | undefined;
    const options: PushOptions = {
      force: local["force"] === true,
      signal,
      ...(as === undefined ? {} : { as }),
    };
    const report = await followPush(pushRelease(node, tarball, options), printer, globals.quiet);
    if (printer.format === "ndjson") {
      process.stdout.write(`${JSON.stringify({ type: "report", ...report })}\n`);
    } else printer.record({ ...report });
    printer.note(
      `next: \`beamctl release prepare ${report.version} --dry-run\` lists what it lacks`,
    );
    return undefined;
  });
};
