/** Reading journals as they are: no lock is taken, and no file is changed or made. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { JournalDamagedError } from "../errors.ts";
import { failure } from "./failure.ts";
import { type Damage, readFrames } from "./frames.ts";
import { isRecord, type JournalOperation, type JournalRecord, operationsOf } from "./records.ts";
import { defaultStateDirectory, fileName } from "./state-directory.ts";

/** The records of a journal's bytes. */
export interface Contents {
  /** Those before the damage, if there is any. */
  readonly records: JournalRecord[];
  /** Where the next record goes. */
  readonly end: number;
  readonly damage: Damage | undefined;
}

/** What a journal file holds. */
export interface ExaminedJournal {
  readonly path: string;
  /** The size of the file. */
  readonly bytes: number;
  /** Those before the damage, if there is any. */
  readonly records: readonly JournalRecord[];
  readonly operations: readonly JournalOperation[];
  /** Bytes of a last record whose writer ended before it was whole; they are cut when the journal is next written. */
  readonly torn: number;
  readonly damage: Damage | undefined;
}

/**
 * Reads a journal file, also one that another process is writing.
 * @throws JournalError when it cannot be read
 */
export async function examineJournal(path: string): Promise<ExaminedJournal> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw failure(path, "read", error);
  }
  const { records, end, damage } = contentsOf(bytes);
  const torn = damage === undefined ? bytes.length - end : 0;
  const operations = operationsOf(records);
  return { path, bytes: bytes.length, records, operations, torn, damage };
}

/**
 * The journal files of a folder by name, those that were put aside before those that came after; none where there is no folder.
 * @param node only its own; default all
 */
export async function journalFiles(
  node?: string,
  directory: string = defaultStateDirectory(),
): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw failure(directory, "read", error);
  }
  const own = node === undefined ? undefined : `${fileName(node)}.journal`;
  const journals = names.filter((name) => /\.journal$/.test(name) && (own ?? name) === name);
  return journals
    .sort()
    .flatMap((name) => (names.includes(`${name}.old`) ? [`${name}.old`, name] : [name]))
    .map((name) => join(directory, name));
}

/** The records of these bytes, up to the first that is not whole, not one, or out of its turn. */
export function contentsOf(bytes: Uint8Array): Contents {
  const { records, offsets, end, damage } = readFrames(bytes);
  const wrong = records.findIndex((record, at) => !isRecord(record) || record.seq !== at + 1);
  if (wrong < 0) return { records: records as JournalRecord[], end, damage };
  const offset = offsets[wrong] as number;
  return {
    records: records.slice(0, wrong) as JournalRecord[],
    end: offset,
    damage: { offset, what: `a record is missing after record ${wrong}` },
  };
}

/** As {@link contentsOf}. @throws JournalDamagedError */
export function undamaged(bytes: Uint8Array, path: string): Contents {
  const contents = contentsOf(bytes);
  if (contents.damage === undefined) return contents;
  throw new JournalDamagedError(path, contents.damage.offset, contents.damage.what);
}
