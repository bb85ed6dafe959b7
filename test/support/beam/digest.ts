/** A short name for what is compiled from a fixture's sources by an OTP. */

import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Otp } from "./provision.ts";

/** Changes with the Elixir sources below `folder` and with the OTP that compiles them. */
export async function digest(folder: string, otp: Otp): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && /\.exs?$/.test(entry.name));
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    hash.update(`${path.slice(folder.length)}\0`).update(await readFile(path));
  }
  const made = await stat(join(otp.root, "ready.json")).catch(() => undefined);
  hash.update(`${otp.root}\0${made?.mtimeMs ?? 0}`);
  return hash.digest("hex").slice(0, 12);
}
