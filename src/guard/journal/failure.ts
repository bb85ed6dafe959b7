/** Why a journal cannot be written or read, in words, and what to do. */

import { JournalError } from "../errors.ts";

/** A step is begun only when its record is on the disk. */
export const REMEDY: string =
  "No step is begun without its record. Give beamctl a folder it can write: XDG_STATE_HOME names it.";

/** The error for what the operating system said about this file. */
export function failure(
  path: string,
  what: "made" | "opened" | "written" | "read",
  cause: unknown,
): JournalError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const why = code === undefined ? message : (REASONS[code] ?? code);
  return new JournalError(`${path} cannot be ${what}: ${why}`, { cause, remedy: REMEDY });
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the largest file size is reached",
  EROFS: "the file system is read-only",
  ENOENT: "there is none",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EIO: "the disk fails",
  ENOTDIR: "a part of the path is no folder",
};
