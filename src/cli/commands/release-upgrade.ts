/** `beamctl release upgrade` and `downgrade`: the main job. */

import { renderReport, upgrade } from "../../upgrade/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { milliseconds } from "../duration.ts";
import { openEdeliverOutput } from "../edeliver-output.ts";
import { Printer } from "../output/printer.ts";
import { planOptions } from "../plan-options.ts";
import { reported, reportFiles, reportJson } from "../report-files.ts";
import { operate } from "../session.ts";
import { follow } from "../upgrade-progress.ts";

export const run: Run = async (globals, local, [version = ""]) => {
  const printer = new Printer(globals);
  const dryRun = local["dryRun"] === true;
  const planned = await planOptions(local);
  const files = reportFiles(local);
  const installTimeout = milliseconds(String(local["installTimeout"]));
  return operate(globals, async ({ node, target, signal }) => {
    if (!dryRun)
      await confirmChange(globals, `${String(local["verb"])} ${node.name} to ${version}?`);
    await using output =
      local["edeliverOutput"] === true
        ? await openEdeliverOutput({ globals, target, node, signal })
        : undefined;
    const operation = upgrade(node, version, {
      ...planned,
      direction: local["verb"] === "upgrade" ? "up" : "down",
      installTimeout,
      permanent: local["permanent"] !== false,
      dryRun,
      signal,
      ...(output === undefined ? {} : { edeliverOutput: output }),
    });
    const followed = follow(operation, printer, globals.quiet === true);
    const report = await reported(followed, files, (text) => printer.note(text));
    if (printer.format === "auto") {
      process.stdout.write(renderReport(report, "summary"));
    } else if (printer.format !== "ndjson") {
      printer.record(reportJson(report));
    } else {
      process.stdout.write(`${JSON.stringify({ type: "report", ...report })}\n`);
    }
    return undefined;
  });
};
