/** Where journals are kept: a private folder of the user. */

import { createHash } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { failure } from "./failure.ts";

/** `$XDG_STATE_HOME/beamctl`, or `~/.local/state/beamctl`. */
export function defaultStateDirectory(): string {
  const base = process.env["XDG_STATE_HOME"];
  const state = base && isAbsolute(base) ? base : join(homedir(), ".local", "state");
  return join(state, "beamctl");
}

/** The journal file of a node; its folder is made, for its user alone. */
export async function journalPath(
  node: string,
  directory: string = defaultStateDirectory(),
): Promise<string> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw failure(directory, "made", error);
  }
  return join(directory, `${fileName(node)}.journal`);
}

/** Whatever a node is called, its file is a plain name of its own. */
export function fileName(node: string): string {
  const plain = encodeURIComponent(node).replaceAll("%40", "@").replaceAll(".", "%2E");
  const readable = plain.replaceAll("%2E", ".").replace(/^\./, "%2E");
  if (readable.length <= 180) return readable;
  return `${readable.slice(0, 120)}-${createHash("sha256").update(node).digest("hex").slice(0, 32)}`;
}
