/** `beamctl journal cat`: the records of journals as they stand on the disk. Needs no node. */

import type { Run } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { COLUMNS, type Row, rowToJson } from "../journal-rows.ts";
import { endOf, examineAll } from "../journals.ts";
import { Printer } from "../output/printer.ts";

export const run: Run = async (globals, local, files) => {
  const printer = new Printer(globals);
  const wanted = String(local["op"] ?? "");
  const journals = await examineAll(globals, files, printer);
  const rowsOf = journals.map(({ path, records }): readonly Row[] =>
    records.filter(({ op }) => op.startsWith(wanted)).map((record) => ({ file: path, record })),
  );
  if (printer.format === "json" || printer.format === "ndjson") {
    printer.rows(rowsOf.flat(), COLUMNS, rowToJson, "");
  }
  for (const [at, journal] of journals.entries()) {
    if (printer.format !== "json" && printer.format !== "ndjson") {
      if (journals.length > 1) printer.note(journal.path);
      printer.rows(rowsOf[at] ?? [], COLUMNS, rowToJson, `${journal.path}: no record`);
    }
    const end = endOf(journal);
    if (end !== undefined) printer.note(`${journal.path}: ${end}`);
  }
  return journals.some(({ damage }) => damage !== undefined) ? EXIT.data : undefined;
};
