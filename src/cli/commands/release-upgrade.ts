/** `beamctl release upgrade` and `downgrade`: the main job. */

import { upgrade } from "../../upgrade/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { milliseconds } from "../duration.ts";
import { openEdeliverOutput } from "../edeliver-output.ts";
import { Printer } from "../output/printer.ts";
import { planOptions } from "../plan-options.ts";
import { operate } from "../session.ts";
import { follow } from "../upgrade-progress.ts";

export const run: Run = async (globals, local, [version = ""]) => {
  const printer = new Printer(globals);
  const dryRun = local["dryRun"] === true;
  const planned = await planOptions(local);
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
    const report = await follow(operation, printer, globals.quiet === true);
    if (printer.format === "auto") {
      const what = report.dryRun ? "would go" : "went";
      process.stdout.write(
        `${report.node} ${what} from ${report.release} ${report.from} to ${report.to}` +
          (report.dryRun ? "\n" : `; paused ${report.pauseMs} ms, nothing left suspended\n`),
      );
    } else if (printer.format !== "ndjson") {
      printer.record({ ...report, findings: report.findings.map((finding) => ({ ...finding })) });
    } else {
      process.stdout.write(`${JSON.stringify({ type: "report", ...report })}\n`);
    }
    return undefined;
  });
};
