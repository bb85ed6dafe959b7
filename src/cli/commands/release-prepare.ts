/** `beamctl release prepare`: what a version lacks for a hot upgrade, listed, then made, or taken back. */

import { UsageError } from "../../errors.ts";
import {
  type PrepareReport,
  prepareRelease,
  type ReleaseChange,
  type ReleaseProblem,
  undoPrepare,
} from "../../upgrade/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { EXIT } from "../exit-codes.ts";
import type { Json } from "../output/json.ts";
import { Printer } from "../output/printer.ts";
import { type Operating, operate } from "../session.ts";

export const run: Run = async (globals, local, [version = ""]) => {
  const printer = new Printer(globals);
  const dryRun = local["dryRun"] === true;
  if (dryRun && local["undo"] === true)
    throw new UsageError("--dry-run and --undo exclude one another");
  return operate(globals, async (given) => {
    const { node, signal } = given;
    if (local["undo"] === true) {
      await confirmChange(globals, `Take back what was prepared for ${version} on ${node.name}?`);
      return undo(printer, given, version);
    }
    const found = await prepareRelease(node, version, { dryRun: true, signal });
    for (const change of found.changes) show(printer, change);
    if (dryRun || found.changes.length === 0) return finish(printer, found);
    await confirmChange(globals, `Make these changes on ${node.name}?`);
    const operation = prepareRelease(node, version, { signal });
    for await (const event of operation) {
      if (printer.format === "ndjson") process.stdout.write(`${JSON.stringify(event)}\n`);
      else if (event.type === "change") printer.note(`${event.change.step} ${event.state}`);
    }
    return finish(printer, await operation);
  });
};

function show(printer: Printer, { what, why, files, undo: back }: ReleaseChange): void {
  printer.note(what);
  printer.note(`    because ${why}`);
  for (const file of files) printer.note(`    ${file}`);
  printer.note(`    undone by: ${back}`);
}

function finish(printer: Printer, report: PrepareReport): number | undefined {
  const { node, version, dryRun, changes, problems, notes } = report;
  for (const note of notes) printer.note(note);
  for (const { what, remedy } of problems) {
    printer.note(what);
    printer.note(`    ${remedy}`);
  }
  if (printer.format === "auto") {
    const made = dryRun ? "to be made" : "made";
    const rest =
      problems.length === 0
        ? ""
        : `, ${problems.length} that ${problems.length === 1 ? "is" : "are"} yours to mend`;
    const count = changes.length === 1 ? "1 change" : `${changes.length} changes`;
    const whole = changes.length === 0 && rest === "";
    const end = whole ? "lacks nothing for a hot upgrade" : `${count} ${made}${rest}`;
    process.stdout.write(`${node}: ${version}: ${end}\n`);
    if (whole || (!dryRun && rest === ""))
      printer.note(`next: \`beamctl release plan ${version}\``);
  } else {
    printer.record({
      ...{ node, version, dryRun },
      changes: changes.map(toJson),
      problems: problems.map(toJson),
      notes,
    });
  }
  return problems.length === 0 ? undefined : EXIT.degraded;
}

function toJson(row: ReleaseChange | ReleaseProblem): Json {
  return { ...row };
}

async function undo(
  printer: Printer,
  { node }: Operating,
  version: string,
): Promise<number | undefined> {
  const { changes } = await undoPrepare(node, version);
  printer.rows(
    changes,
    [
      { title: "WHAT", cell: ({ what }) => what },
      { title: "PATH", cell: ({ path }) => path },
      { title: "UNDONE", cell: ({ undone }) => (undone ? "yes" : "no") },
      { title: "WHY NOT", cell: ({ reason }) => reason ?? "" },
    ],
    (change) => ({ ...change }),
    "nothing was to be taken back",
  );
  return changes.every(({ undone }) => undone) ? undefined : EXIT.degraded;
}
