/** The user's cache of finished unpacks: made once under a lock, put in place by one rename, never seen half-finished. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

// Raised when the files inside an unpack change their shape, so that older ones are made again.
const LAYOUT = 1;

/** Where the set `name` for `architecture` lives. */
export function cachePath(name: string, architecture: string): string {
  const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
  return join(cache, "beamctl", "beam", `${LAYOUT}-${architecture}`, name);
}

/**
 * What `make` left in `path`, made now if need be. `make` works in a folder beside it and must write files as they have
 * to read once they are at `path`; what it returns is kept in the marker file.
 */
export async function cached<T>(path: string, make: (folder: string) => Promise<T>): Promise<T> {
  const ready = await readMarker<T>(path);
  if (ready !== undefined) return ready;
  await mkdir(dirname(path), { recursive: true });
  const unlock = await lock(`${path}.lock`);
  try {
    const made = await readMarker<T>(path); // by the one we waited for
    if (made !== undefined) return made;
    await discardHalves(path);
    const folder = await mkdtemp(`${path}.half-`);
    try {
      const value = await make(folder);
      await writeFile(join(folder, "ready.json"), JSON.stringify({ path, value }));
      await rm(path, { recursive: true, force: true });
      await rename(folder, path);
      return value;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  } finally {
    await unlock();
  }
}

async function readMarker<T>(path: string): Promise<T | undefined> {
  const text = await readFile(join(path, "ready.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const marker = JSON.parse(text) as { path: string; value: T };
  return marker.path === path ? marker.value : undefined; // a moved cache has scripts that name the old place
}

async function discardHalves(path: string): Promise<void> {
  for (const name of await readdir(dirname(path))) {
    const entry = join(dirname(path), name);
    if (entry.startsWith(`${path}.half-`)) await rm(entry, { recursive: true, force: true });
  }
}

/** Waits for the lock; it is held by a process that reads a pipe of ours, so even SIGKILL frees it. */
async function lock(file: string): Promise<() => Promise<void>> {
  const holder = spawn("flock", [file, "sh", "-c", "echo held; exec cat >/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const held = await Promise.race([
    once(holder.stdout, "data").then(() => true),
    once(holder, "exit").then(() => false),
  ]);
  if (!held) throw new Error(`cannot lock ${file}`);
  return async () => {
    const ended = once(holder, "exit");
    holder.stdin.end();
    await ended;
  };
}
