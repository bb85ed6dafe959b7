/** The campaign: every fault in turn, and what is left after it. */

import type { OtpSet } from "../support/index.ts";
import type { Context, PartFigures } from "./part.ts";
import { PARTS } from "./parts.ts";

/** What a campaign found; the object that `-o json` prints. */
export interface Findings {
  readonly seed: number;
  readonly short: boolean;
  readonly otp: readonly OtpSet[];
  /** Whether every part held, and the control left something: without that the zeros show nothing. */
  readonly good: boolean;
  readonly parts: readonly PartFigures[];
  /** Over all parts but the control. */
  readonly leftSuspended: number;
  /** The same kills without a guardian; `null` when that part was not asked for. */
  readonly control: { readonly runs: number; readonly leftSuspended: number } | null;
}

/** Runs these parts, all of them by default. */
export async function campaign(
  context: Context,
  names: readonly string[] = PARTS.map(({ name }) => name),
): Promise<Findings> {
  const all: PartFigures[] = [];
  for (const part of PARTS.filter(({ name }) => names.includes(name))) {
    context.note(`${part.name}: ${part.what}`);
    const began = performance.now();
    const figures = await part.run(context);
    const took = Math.round((performance.now() - began) / 1_000);
    const { runs, failed, leftSuspended } = figures;
    const { failures, skipped } = figures;
    context.note(`  ${runs} runs, ${failed} failed, ${leftSuspended} left, in ${took} s`);
    for (const failure of failures) context.note(`  failed: ${failure}`);
    for (const reason of skipped) context.note(`  skipped: ${reason}`);
    all.push(figures);
  }
  const control = all.find(({ name }) => name === "control");
  const parts = all.filter((part) => part !== control);
  const { seed, short, otps } = context;
  return {
    seed,
    short,
    otp: otps,
    good:
      all.every(({ failed }) => failed === 0) &&
      // What was not tried says why.
      all.every(({ runs, skipped }) => runs + skipped.length > 0) &&
      parts.every(({ leftSuspended }) => leftSuspended === 0) &&
      (control === undefined || control.leftSuspended > 0),
    parts,
    leftSuspended: parts.reduce((sum, part) => sum + part.leftSuspended, 0),
    control:
      control === undefined ? null : { runs: control.runs, leftSuspended: control.leftSuspended },
  };
}
