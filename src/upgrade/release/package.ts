/** A release package on this machine, looked at before a byte of it is sent. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { parse, Tuple, textOf } from "../../term/index.ts";
import { ReleaseError } from "./errors.ts";
import { tarEntries } from "./tar.ts";

/** What a package holds. */
export interface ReleasePackage {
  readonly path: string;
  readonly size: number;
  /** Of the whole file, in hexadecimal. */
  readonly md5: string;
  readonly name: string;
  readonly version: string;
  /** Bytes of all its files when they are unpacked. */
  readonly unpacked: number;
}

/** Most bytes of a .rel file that are read. */
const REL_LIMIT = 1024 * 1024;

/**
 * Reads a `.tar.gz` of a release: made by `mix release` (`releases/VSN/NAME.rel`) or by systools (`releases/NAME-VSN.rel`).
 * @throws ReleaseError when it is no gzip tar, holds no release or several, or a path in it leads out of the release
 */
export async function readPackage(path: string): Promise<ReleasePackage> {
  const size = await sizeOf(path);
  const hash = createHash("md5");
  const found = new Map<string, { name: string; version: string }>();
  let unpacked = 0;
  try {
    const file = createReadStream(path);
    file.on("data", (piece) => hash.update(piece));
    const gunzip = createGunzip();
    const fed = pipeline(file, gunzip);
    fed.catch(() => undefined); // told by the reading below
    for await (const entry of tarEntries(gunzip)) {
      const name = entry.name.replace(/^(\.\/)+/, "");
      if (leavesRoot(name)) throw new Error(`its entry ${entry.name} leads out of the release`);
      unpacked += entry.size;
      if (!/^releases\/(?:[^/]+\/)?[^/]+\.rel$/.test(name) || entry.size > REL_LIMIT) continue;
      const release = parseRel(Buffer.from(await entry.read()).toString("utf8"));
      if (release !== undefined && isOfRelease(name, release)) {
        found.set(`${release.name}-${release.version}`, release);
      }
    }
    gunzip.resume(); // what follows the last entry is padding, but counts for the digest
    await fed;
  } catch (error) {
    throw unusable(path, (error as Error).message, error);
  }
  const [release, other] = found.values();
  if (release === undefined) throw unusable(path, "there is no releases/VSN/NAME.rel in it");
  if (other !== undefined) throw unusable(path, `it holds ${[...found.keys()].join(" and ")}`);
  return { path, size, md5: hash.digest("hex"), unpacked, ...release };
}

/** Whether a path in a package would be written outside of the release's root. */
export function leavesRoot(name: string): boolean {
  return name.startsWith("/") || /^[A-Za-z]:/.test(name) || name.split(/[/\\]/).includes("..");
}

/** Name and version in the text of a .rel file. */
function parseRel(source: string): { name: string; version: string } | undefined {
  const bare = source.replace(/^\s*%.*$/gm, "").replace(/\.\s*$/, "");
  try {
    const term = parse(bare, { syntax: "erlang" });
    const id = term instanceof Tuple ? term.items[1] : undefined;
    const [name, version] = id instanceof Tuple ? id.items.map((item) => textOf(item)) : [];
    return name && version ? { name, version } : undefined;
  } catch {
    return undefined;
  }
}

/** A release may carry other .rel files, as `start_clean.rel`: they stand for themselves. */
function isOfRelease(path: string, { name, version }: { name: string; version: string }): boolean {
  return path === `releases/${version}/${name}.rel` || path.endsWith(`/${name}-${version}.rel`);
}

async function sizeOf(path: string): Promise<number> {
  const info = await stat(path).catch((cause: unknown) => {
    throw unusable(path, (cause as NodeJS.ErrnoException).code ?? "it cannot be read", cause);
  });
  if (info.isFile()) return info.size;
  throw unusable(path, "it is no file");
}

function unusable(path: string, why: string, cause?: unknown): ReleaseError {
  return new ReleaseError(`${path} is no package of a release: ${why}`, {
    remedy:
      "Give the .tar.gz that `mix release` (steps: [:assemble, :tar]) or systools:make_tar made; nothing was sent.",
    ...(cause === undefined ? {} : { cause }),
  });
}
