/** An error for people: what failed, why, and what to try, each one line. */

import { isBeamError } from "../errors.ts";
import type { Globals } from "./globals.ts";
import { plain } from "./output/plain.ts";

/** Writes the error to standard error. Nothing of a term's content but its reason is shown, and never a secret. */
export function reportError(error: unknown, globals: Partial<Globals>): void {
  const lines: string[] = [];
  if (isBeamError(error)) {
    lines.push(`error: ${oneLine(error.message)}`);
    if (error.remedy !== undefined) lines.push(`  try: ${oneLine(error.remedy)}`);
    if (globals.verbose === true) lines.push(...causes(error));
  } else {
    lines.push(`beamctl failed by a defect of its own: ${String(error)}`);
    lines.push("  try: report it with the output of the same command and --verbose");
    if (globals.verbose === true && error instanceof Error) lines.push(error.stack ?? "");
  }
  process.stderr.write(`${lines.join("\n")}\n`);
}

function causes(error: Error): string[] {
  const lines = [error.stack ?? ""];
  let cause = error.cause;
  for (let depth = 0; cause instanceof Error && depth < 8; depth++, cause = cause.cause) {
    lines.push(`caused by: ${cause.stack ?? cause.message}`);
  }
  return lines;
}

function oneLine(text: string): string {
  return plain(text.replace(/\s*\n\s*/g, " "));
}
