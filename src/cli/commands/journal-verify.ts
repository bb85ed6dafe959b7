/** `beamctl journal verify`: whether journals are whole, and which operations in them have no end. Needs no node. */

import type { ExaminedJournal, JournalOperation } from "../../guard/index.ts";
import type { Run } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { endOf, examineAll } from "../journals.ts";
import type { Json } from "../output/json.ts";
import { Printer } from "../output/printer.ts";
import type { Column } from "../output/rows.ts";

export const run: Run = async (globals, _local, files) => {
  const printer = new Printer(globals);
  const journals = await examineAll(globals, files, printer);
  if (journals.length > 0 || printer.format !== "auto") {
    printer.rows(journals, COLUMNS, toJson, "");
  }
  for (const journal of journals) {
    const end = endOf(journal);
    if (end !== undefined) printer.note(`${journal.path}: ${end}`);
    for (const { purpose, operation, holder, host, node, at } of unfinished(journal)) {
      const begun = Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at);
      const what = purpose === "" ? operation : `${purpose} (${operation})`;
      printer.note(`${node}: ${what} by ${holder} on ${host}, begun ${begun}, has no end`);
    }
  }
  if (journals.some(({ damage }) => damage !== undefined)) return EXIT.data;
  if (journals.every((journal) => unfinished(journal).length === 0)) return undefined;
  printer.note("run `beamctl recover` for each of these nodes");
  return EXIT.degraded;
};

const COLUMNS: readonly Column<ExaminedJournal>[] = [
  { title: "journal", cell: ({ path }) => path },
  { title: "bytes", cell: ({ bytes }) => bytes, right: true },
  { title: "records", cell: ({ records }) => records.length, right: true },
  { title: "ended", cell: (journal) => ended(journal), right: true },
  { title: "unfinished", cell: (journal) => unfinished(journal).length, right: true },
  { title: "torn", cell: ({ torn }) => torn, right: true },
  {
    title: "state",
    cell: ({ damage }) => (damage === undefined ? "whole" : `damaged at byte ${damage.offset}`),
  },
];

function unfinished({ operations }: ExaminedJournal): JournalOperation[] {
  return operations.filter((operation) => operation.ended === undefined);
}

function ended(journal: ExaminedJournal): number {
  return journal.operations.length - unfinished(journal).length;
}

function toJson(journal: ExaminedJournal): Json {
  const { path, bytes, records, torn, damage } = journal;
  return {
    path,
    bytes,
    records: records.length,
    ended: ended(journal),
    unfinished: unfinished(journal).map(
      ({ operation, node, creation, purpose, holder, host, at, pids, frozen, acceptors }) => ({
        ...{ operation, node, creation, purpose, holder, host, at },
        ...{ suspended: pids.length, frozen: frozen.length, acceptors: acceptors.length },
      }),
    ),
    torn,
    damage: damage === undefined ? null : { ...damage },
  };
}
