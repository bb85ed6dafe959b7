/** The append-only journal of one node: every record is on the disk before what it announces is done. */

import { type FileHandle, open, readFile, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { JournalError } from "../errors.ts";
import { undamaged } from "./examine.ts";
import { failure, REMEDY } from "./failure.ts";
import { frame, HEADER } from "./frames.ts";
import { FileLock } from "./lock.ts";
import { type Entry, type JournalOperation, type JournalRecord, operationsOf } from "./records.ts";
import { journalPath } from "./state-directory.ts";

/** A journal without unfinished operations is put aside when it is larger than this, in bytes. */
const LARGE = 16 * 1024 * 1024;

/**
 * One node's journal, opened for writing by one process at a time. A record that was torn off by the end of its writer is cut
 * when the journal is opened: its effect had not begun. Format: docs/journal-format.md.
 * @example
 * import { Journal } from "beamctl";
 *
 * for (const { at, op, kind } of await Journal.read("shop@localhost")) {
 *   console.log(new Date(at).toISOString(), op, kind);
 * }
 */
export class Journal implements AsyncDisposable {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #lock: FileLock;
  #records: JournalRecord[];
  #end: number;
  #broken: JournalError | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  private constructor(
    path: string,
    file: FileHandle,
    lock: FileLock,
    records: JournalRecord[],
    end: number,
  ) {
    this.path = path;
    this.#file = file;
    this.#lock = lock;
    this.#records = records;
    this.#end = end;
  }

  /**
   * Opens the journal of `node`, and makes it when there is none.
   * @param directory default `$XDG_STATE_HOME/beamctl` or `~/.local/state/beamctl`
   * @throws JournalLockedError when another process has it open
   * @throws JournalDamagedError when a record in its middle is damaged
   * @throws JournalError when it cannot be read or written
   */
  static async open(node: string, directory?: string): Promise<Journal> {
    const path = await journalPath(node, directory);
    const lock = await FileLock.take(`${path}.lock`);
    try {
      await putAside(path);
      const file = await openFile(path);
      try {
        const bytes = await file.readFile();
        const { records, end } = undamaged(bytes, path);
        const start = end === 0 ? await writeHeader(file) : end;
        if (bytes.length > start) await file.truncate(start);
        return new Journal(path, file, lock, records, start);
      } catch (error) {
        await file.close();
        throw error;
      }
    } catch (error) {
      await lock.release();
      throw error instanceof JournalError ? error : failure(path, "opened", error);
    }
  }

  /** Reads the journal of `node` without opening it for writing; empty when there is none. */
  static async read(node: string, directory?: string): Promise<readonly JournalRecord[]> {
    const path = await journalPath(node, directory);
    return undamaged(await bytesOf(path), path).records;
  }

  /** The operations that have no end, oldest first. */
  get unfinished(): JournalOperation[] {
    return operationsOf(this.#records).filter(({ ended }) => ended === undefined);
  }

  /** All that is written in it, the oldest first. */
  get records(): readonly JournalRecord[] {
    return this.#records;
  }

  /**
   * Writes an entry and waits until it is on the disk.
   * @throws JournalError when it is not: then its effect must not begin, and nothing more can be written
   */
  append(op: string, entry: Entry): Promise<void> {
    const written = this.#queue.then(() => this.#append(op, entry));
    this.#queue = written.catch(() => undefined);
    return written;
  }

  /** Closes the file and gives back its lock. */
  async close(): Promise<void> {
    await this.#queue;
    if (this.#broken?.message === CLOSED) return;
    this.#broken = new JournalError(CLOSED);
    await this.#file.close().catch(() => undefined);
    await this.#lock.release();
  }

  /** As {@link Journal.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #append(op: string, entry: Entry): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken;
    const seq = (this.#records.at(-1)?.seq ?? 0) + 1;
    const record: JournalRecord = { v: 1, seq, at: Date.now(), op, ...entry };
    try {
      const bytes = frame(record);
      await writeAll(this.#file, bytes, this.#end);
      await this.#file.datasync();
      this.#end += bytes.length;
      this.#records.push(record);
    } catch (error) {
      this.#broken = failure(this.path, "written", error);
      await this.#file.truncate(this.#end).catch(() => undefined);
      throw this.#broken;
    }
  }
}

const CLOSED = "the journal is closed";

/** Only a regular file: what is read of a device or a pipe may have no end. */
async function openFile(path: string): Promise<FileHandle> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === false) {
    throw new JournalError(`${path} is no regular file`, { remedy: REMEDY });
  }
  const file = await open(path, "r+", 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  return file ?? open(path, "wx+", 0o600);
}

async function writeHeader(file: FileHandle): Promise<number> {
  await file.truncate(0);
  await writeAll(file, HEADER, 0);
  await file.sync();
  return HEADER.length;
}

async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

/** A large journal in which everything has ended starts anew; the old one stays beside it. */
async function putAside(path: string): Promise<void> {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size > LARGE) {
    const { records } = undamaged(await bytesOf(path), path);
    if (operationsOf(records).some(({ ended }) => ended === undefined)) return;
    await rename(path, `${path}.old`);
  }
  if (size <= LARGE && size > 0) return;
  // The new name itself must be on the disk before anything relies on it.
  await (await openFile(path)).close();
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Uint8Array(0);
    throw failure(path, "read", error);
  }
}
