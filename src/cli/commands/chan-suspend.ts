/** `beamctl chan suspend`: holds the channels for a while, guarded; whatever ends it, they are resumed. */

import { leftOf } from "../../guard/index.ts";
import { prefixOf, type SuspendTarget, targets } from "../../instructions/index.ts";
import { holdChannels } from "../../upgrade/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { milliseconds } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import { budgetOptions } from "../plan-options.ts";
import { reportFiles, writeReports } from "../report-files.ts";
import { operate } from "../session.ts";

export const run: Run = async (globals, local) => {
  const printer = new Printer(globals);
  const files = reportFiles(local);
  const time = milliseconds(String(local["for"]));
  const suspend = local["suspend"] as SuspendTarget;
  const budget = budgetOptions(local);
  return operate(globals, async ({ node, signal }) => {
    const found = await targets({ node }, suspend);
    if ("notDetected" in found) {
      printer.note(`no channel can be seen: ${found.notDetected}`);
      return EXIT.degraded;
    }
    await confirmChange(globals, `Suspend ${found.length} processes on ${node.name}?`);
    const { end, stopped, report } = await holdChannels(node, found, {
      ...{ suspend, time, budget, signal },
      log: (level, text) => printer.note(`${prefixOf(level)}${text}`),
    });
    await writeReports(report, files, (text) => printer.note(text));
    const { why, resumed, leftSuspended } = end;
    if (why !== "asked") printer.note(`warning: the guardian gave them back early (${why})`);
    if (stopped !== null) printer.note(`warning: they were resumed early: ${stopped}`);
    const [paused] = report.pauses;
    printer.record({
      node: node.name,
      asked: found.length,
      suspended: report.counts.suspended,
      resumed,
      leftSuspended: leftSuspended ?? null,
      longestPause: paused?.max ?? 0,
      clientsLeft: report.counts.clientsLeft,
      largestQueue: report.queues?.max ?? null,
    });
    if (leftOf(end) === "something") return EXIT.leftSuspended;
    return why === "asked" && stopped === null ? undefined : EXIT.degraded;
  });
};
