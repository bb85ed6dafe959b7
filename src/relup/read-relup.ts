/** Reads from the node the relup that leads from one version to another. */

import type { CallOptions, Remote } from "../otp/index.ts";
import { RelupError } from "./errors.ts";
import type { Instructions } from "./instruction.ts";
import { instructionsOf, type RelupEntry } from "./relup.ts";
import { findRelupFile, releaseFolder } from "./relup-file.ts";

/** Whether the versions are gone up or down: each direction stands in the newer version's relup. */
export type Direction = "up" | "down";

/** The way from the running version to the wished one. */
export interface RelupPath extends RelupEntry {
  readonly direction: Direction;
  /** The file on the node that it was read from. */
  readonly file: string;
  /** The lists of both directions, from the same file; one that it lacks is empty. */
  readonly both: Instructions;
}

/**
 * Finds the instructions from `from` to `to`: upwards in the relup of `to`, else downwards in that of `from`. The release
 * handler's own check passes when there is no relup at all, so this is asked before anything is touched. Read-only.
 * @throws RelupError when neither file has the way; it names the versions that each offers. Also when a file is malformed
 */
export async function readRelup(
  remote: Remote,
  from: string,
  to: string,
  options?: CallOptions,
): Promise<RelupPath> {
  const tried: string[] = [];
  for (const direction of ["up", "down"] as const) {
    const [of, wanted] = direction === "up" ? [to, from] : [from, to];
    const read = await findRelupFile(remote, of, options);
    if (read === undefined) {
      tried.push(`${await releaseFolder(remote, of, options)}/relup does not exist`);
      continue;
    }
    const { file, relup } = read;
    const found = relup[direction].find(({ version }) => version === wanted);
    if (found !== undefined)
      return { ...found, direction, file, both: instructionsOf(relup, wanted) };
    const offered = relup[direction].map(({ version }) => version).join(", ");
    tried.push(`${file} has ${direction === "up" ? "from" : "to"} ${offered || "no version"}`);
  }
  throw new RelupError(`no relup leads from ${from} to ${to}: ${tried.join("; ")}`, {
    node: remote.name,
    remedy: `\`beamctl release prepare ${to}\` makes one where the changed applications have appups; else build ${to} with one (systools:make_relup).`,
  });
}
