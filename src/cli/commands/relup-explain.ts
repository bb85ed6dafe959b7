/** `beamctl relup explain`: the way to a version in words, and who would be affected now. */

import { explainRelup, type RelupRow, readRelup, relupImpact } from "../../relup/index.ts";
import { inspect } from "../../term/index.ts";
import { runningRelease } from "../../upgrade/versions.ts";
import type { Run } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { type Json, termToJson } from "../output/json.ts";
import { plain } from "../output/plain.ts";
import { Printer } from "../output/printer.ts";
import { impactJson, listImpact, some, sumUp } from "../relup-impact.ts";
import { observe } from "../session.ts";

export const run: Run = async (globals, local, [version = ""]) =>
  observe(globals, async ({ remote, signal }) => {
    const printer = new Printer(globals);
    const from = (local["from"] as string | undefined) ?? (await runningRelease(remote)).version;
    const path = await readRelup(remote, from, version, { signal });
    const { rows, summary } = explainRelup(path.instructions);
    const impact = await relupImpact(remote, rows, { signal });
    const { direction, file } = path;
    const head = { node: remote.name, from, to: version, direction, file };
    if (printer.format === "json") {
      printer.record({
        ...head,
        instructions: rows.map(rowJson),
        summary: { ...summary },
        impact: impactJson(impact),
      });
    } else if (printer.format === "ndjson") {
      for (const row of rows) line({ type: "instruction", ...rowJson(row) });
      line({ type: "summary", ...head, ...summary });
      line({ type: "impact", ...impactJson(impact) });
    } else {
      listRows(printer, rows);
      process.stdout.write(`\n${plain(sumUp(summary))}\n\n`);
      listImpact(printer, impact);
    }
    const { unanswered, notAsked } = impact;
    if (unanswered.count > 0) {
      printer.note(`warning: supervisors that do not answer fail the upgrade: ${some(unanswered)}`);
    }
    if (notAsked.count > 0) {
      printer.note(
        `${notAsked.count} processes are supervisors by their child spec only: the release handler asks them`,
      );
    }
    return unanswered.count > 0 || rows.some(({ refused }) => refused) ? EXIT.degraded : undefined;
  });

/** A line of the list: an instruction, or below it what is dangerous about it. */
interface Line {
  readonly at: string;
  readonly phase: string;
  readonly text: string;
}

function listRows(printer: Printer, rows: readonly RelupRow[]): void {
  const { format } = printer;
  const syntax = format === "erlang" || format === "elixir" ? format : undefined;
  const lines = rows.flatMap(({ instruction, phase, text, danger }, index): Line[] => [
    { at: String(index + 1), phase, text },
    ...(syntax === undefined
      ? []
      : [{ at: "", phase: "", text: inspect(instruction, { syntax }) }]),
    ...(danger === undefined ? [] : [{ at: "", phase: "!", text: danger }]),
  ]);
  printer.rows(
    lines,
    [
      { title: "#", cell: ({ at }) => at, right: true },
      { title: "PHASE", cell: ({ phase }) => phase },
      { title: "WHAT", cell: ({ text }) => text },
    ],
    ({ at, phase, text }) => ({ at, phase, text }),
    "the relup has no instructions",
  );
}

function rowJson({ instruction, danger, ...rest }: RelupRow) {
  return { instruction: termToJson(instruction), ...rest, danger: danger ?? null };
}

function line(value: Json): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}
