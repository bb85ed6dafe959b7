/** `beamctl release upgrade`, `downgrade` and `rollback`: the main job. */

import {
  renderReport,
  rollbackRelease,
  UpgradeError,
  type UpgradeReport,
  upgrade,
} from "../../upgrade/index.ts";
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
  const verb = String(local["verb"]);
  const installTimeout = milliseconds(String(local["installTimeout"]));
  return operate(globals, async ({ node, target, signal }) => {
    const to = version === "" ? "the permanent version" : version;
    if (!dryRun) await confirmChange(globals, `${verb} ${node.name} to ${to}?`);
    await using output =
      local["edeliverOutput"] === true
        ? await openEdeliverOutput({ globals, target, node, signal })
        : undefined;
    const options = {
      ...planned,
      installTimeout,
      soak: milliseconds(String(local["soak"])),
      dryRun,
      signal,
      ...(output === undefined ? {} : { edeliverOutput: output }),
    };
    const operation =
      verb === "rollback"
        ? rollbackRelease(node, options)
        : upgrade(node, version, {
            ...options,
            direction: verb === "upgrade" ? "up" : "down",
            permanent: local["permanent"] !== false,
            rollbackOnFailure: local["rollbackOnFailure"] === true,
          });
    const followed = follow(operation, printer, globals.quiet === true);
    try {
      show(printer, await reported(followed, files, (text) => printer.note(text)));
    } catch (error) {
      // People are told by the error; a program reads how far it came.
      const report = error instanceof UpgradeError ? error.report : undefined;
      if (report !== undefined && printer.format !== "auto") show(printer, report);
      throw error;
    }
    return undefined;
  });
};

function show(printer: Printer, report: UpgradeReport): void {
  if (printer.format === "auto") {
    process.stdout.write(renderReport(report, "summary"));
  } else if (printer.format !== "ndjson") {
    printer.record(reportJson(report));
  } else {
    process.stdout.write(`${JSON.stringify({ type: "report", ...report })}\n`);
  }
}
