/** Which journal files a command reads, and what is wrong with one in words. */

import {
  defaultStateDirectory,
  type ExaminedJournal,
  examineJournal,
  journalFiles,
} from "../guard/index.ts";
import type { Globals } from "./globals.ts";
import type { Printer } from "./output/printer.ts";
import { fullName } from "./target.ts";

/** Reads the files named; without any those of the node of `--node`; without that all of the state directory. No lock is taken. */
export async function examineAll(
  { node, longnames }: Globals,
  files: readonly string[],
  printer: Printer,
): Promise<ExaminedJournal[]> {
  const own = node === undefined ? undefined : fullName(node, longnames === true);
  const paths = files.length > 0 ? files : await journalFiles(own);
  if (paths.length === 0) {
    const whose = own === undefined ? "" : ` of ${own}`;
    printer.note(`there is no journal${whose} in ${defaultStateDirectory()}`);
  }
  return await Promise.all(paths.map((path) => examineJournal(path)));
}

/** What a reader must know of the end of a file; `undefined` when it is whole. */
export function endOf({ damage, torn }: ExaminedJournal): string | undefined {
  if (damage !== undefined) {
    return `damaged at byte ${damage.offset}: ${damage.what}; nothing behind it can be trusted`;
  }
  if (torn === 0) return undefined;
  return `its last ${torn} bytes are a record that was not written to its end; its effect had not begun`;
}
