/** A private folder for one process: its HOME, with the cookie in a file that only its user can read. */

import { randomBytes } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes the folder; the process that runs in it removes it at its end. */
export async function makeHome(cookie: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "beamctl-test-"));
  await writeFile(join(home, ".erlang.cookie"), cookie, { mode: 0o400 });
  return home;
}

/** A cookie nobody has used before. */
export function makeCookie(): string {
  return `C${randomBytes(12).toString("hex")}`;
}

let count = 0;

/** A node name nobody uses on this machine now: `base` with our pid and a number. */
export function uniqueName(base: string, host = "localhost"): string {
  count += 1;
  return `${base}_${process.pid}_${count}@${host}`;
}
