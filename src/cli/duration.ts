/** Durations as users write them: `5s`, `2m`, `250ms`, `0`; bare numbers are seconds. */

import { UsageError } from "../errors.ts";

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  "": 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Milliseconds of a duration; 0 means without limit.
 * @throws UsageError when it is not one
 */
export function milliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(text.trim());
  const unit = UNITS[match?.[2] ?? "?"];
  if (match === null || unit === undefined) {
    throw new UsageError(`"${text}" is not a duration`, {
      remedy: "Write it as 500ms, 5s, 2m or 0 (no limit); a bare number is seconds.",
    });
  }
  return Math.round(Number(match[1]) * unit);
}
