/** What is looked at from a connection of the campaign's own after each fault. */

import { setTimeout as pause } from "node:timers/promises";
import { guardStatus, Journal, type RecoverReport, recover } from "../../src/guard/index.ts";
import type { Target } from "../guard/target.ts";

/** How long anything is waited for before it counts as never, in milliseconds. */
const PATIENCE = 60_000;

/** How long a node took to hold nothing, in milliseconds, and what it held when the bound was over. */
export interface Freed {
  readonly took: number;
  readonly left: number;
}

/**
 * Waits until nothing is held on the node. The node and we read the same clock, so what counts is when the node counted, and not how
 * long its answer was on the way.
 * @param from of `Date.now()`
 */
export async function untilFree(target: Target, from: number, bound: number): Promise<Freed> {
  let left: number | undefined;
  for (;;) {
    const { began, ended, held } = await target.heldAt();
    const took = ended - from;
    if (began - from >= bound) left ??= held;
    if (held === 0) return { took, left: left ?? 0 };
    if (took > bound + PATIENCE) return { took, left: left ?? held };
    // The one look that counts begins when the bound is over.
    const until = bound - (Date.now() - from);
    await pause(until > 0 ? Math.min(20, until) : 50);
  }
}

/** Recovers with the journal of this folder, and makes sure that nothing of any kind is left. */
export async function recovered(
  target: Target,
  state: string = target.state,
): Promise<RecoverReport> {
  await using journal = await Journal.open(target.node.name, state);
  const report = await recover(target.node, journal);
  ensure(report.nothingLeft, "recover says that something is left");
  ensure((await guardStatus(target.node)) === undefined, "a guardian is left");
  const held = await target.held();
  ensure(held === 0, `${held} are held after recover`);
  // They are cancelled by a process of their own, a moment after the answer.
  await until(async () => (await target.timers()) === 0, "a timer is left");
  return report;
}

/** Waits until it holds. */
export async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!(await holds())) {
    ensure(performance.now() < end, what);
    await pause(10);
  }
}

/** The name of the error that it fails with. */
export async function errorOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "no error";
  } catch (error) {
    return (error as Error).name;
  }
}

/** Fails a run. */
export function ensure(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
