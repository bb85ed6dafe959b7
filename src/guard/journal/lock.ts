/** A lock file, so that two controllers of one machine never write the same journal; one of a dead process is broken. */

import { readFileSync } from "node:fs";
import { link, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import { JournalError, JournalLockedError } from "../errors.ts";
import { failure } from "./failure.ts";

interface Holder {
  readonly pid: number;
  /** When that process started, in the kernel's own measure; `null` where it cannot be read. */
  readonly start: string | null;
}

/** A lock that is held until {@link FileLock.release}. */
export class FileLock {
  readonly #path: string;
  readonly #content: string;

  private constructor(path: string, content: string) {
    this.#path = path;
    this.#content = content;
  }

  /**
   * @throws JournalLockedError when a process that is alive holds it
   * @throws JournalError when the folder cannot be written
   */
  static async take(path: string): Promise<FileLock> {
    const own: Holder = { pid: process.pid, start: startOf(process.pid) };
    // A nonce: the same process may hold it twice in a row.
    const content = JSON.stringify({ ...own, nonce: Math.random().toString(36).slice(2) });
    const draft = `${path}.${process.pid}.${nextDraft++}`;
    try {
      // A link makes the name and the content appear at once: nobody reads half a lock.
      await writeFile(draft, content, { mode: 0o600, flag: "wx" });
      for (let tries = 0; tries < 10; tries++) {
        if (await linked(draft, path)) return new FileLock(path, content);
        await breakIfStale(path);
      }
    } catch (error) {
      if (error instanceof JournalLockedError) throw error;
      throw failure(path, "written", error);
    } finally {
      await rm(draft, { force: true });
    }
    throw new JournalError(`cannot lock ${path}: others take it again and again`, {
      retryable: true,
    });
  }

  /** Gives it back; one that is no longer ours is left alone. */
  async release(): Promise<void> {
    const now = await readFile(this.#path, "utf8").catch(() => undefined);
    if (now === this.#content) await unlink(this.#path).catch(() => undefined);
  }
}

let nextDraft = 0;

async function linked(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function breakIfStale(path: string): Promise<void> {
  const content = await readFile(path, "utf8").catch(() => undefined);
  if (content === undefined) return;
  const holder = parse(content);
  if (holder !== undefined && isAlive(holder)) throw new JournalLockedError(path, holder.pid);
  // Moved aside and compared, since someone else may have broken it and locked anew in between.
  const aside = `${path}.stale.${process.pid}.${nextDraft++}`;
  await rename(path, aside).catch(() => undefined);
  const moved = await readFile(aside, "utf8").catch(() => undefined);
  if (moved !== undefined && moved !== content) await linked(aside, path);
  await rm(aside, { force: true });
}

function parse(content: string): Holder | undefined {
  try {
    const { pid, start } = JSON.parse(content) as Holder;
    return Number.isInteger(pid) && pid > 0 ? { pid, start: start ?? null } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, start }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = startOf(pid);
  // A pid is given out again: the same process has the same start.
  return start === null || now === null || now === start;
}

function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
