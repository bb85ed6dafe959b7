/** Which versions can be reached from which, by the relups on the node. */

import type { CallOptions, Remote } from "../otp/index.ts";
import { RelupError } from "./errors.ts";
import { findRelupFile } from "./relup-file.ts";

/**
 * The versions by way of which one gets from `from` to `to` in two steps, among those that the node knows. Read-only. Relups that cannot be
 * read lead nowhere.
 */
export async function waysBetween(
  remote: Remote,
  from: string,
  to: string,
  known: readonly string[],
  options?: CallOptions,
): Promise<string[]> {
  const steps = new Set<string>();
  for (const version of new Set([from, to, ...known])) {
    const read = await findRelupFile(remote, version, options).catch((error: unknown) => {
      if (!(error instanceof RelupError)) throw error;
    });
    for (const up of read?.relup.up ?? []) steps.add(stepOf(up.version, version));
    for (const down of read?.relup.down ?? []) steps.add(stepOf(version, down.version));
  }
  return known.filter((via) => steps.has(stepOf(from, via)) && steps.has(stepOf(via, to)));
}

function stepOf(from: string, to: string): string {
  return `${from}\n${to}`;
}
