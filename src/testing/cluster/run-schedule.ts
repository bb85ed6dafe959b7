/** Plays a schedule of faults on a cluster. */

import { setTimeout as pause } from "node:timers/promises";
import type { FaultCluster } from "./cluster.ts";
import type { FaultStep } from "./schedule.ts";

/** What happens beside the faults. */
export interface RunScheduleOptions {
  /** Called after each step, and waited for, before the next one: what the system is to do under the faults. */
  readonly between?: (step: FaultStep, index: number) => unknown;
  /** Milliseconds for the links to settle once all is healed. Default 30,000. */
  readonly timeout?: number;
}

/**
 * Plays the steps in order, one after the other; then, whatever happened, heals all faults of the cluster, and waits until its links are settled.
 * The order of the steps and of `between` is always the same; what the nodes do meanwhile is their own.
 * @example
 * import fc from "fast-check";
 * import { faultSchedule, runSchedule, startFaultCluster } from "beamctl/testing";
 *
 * declare const write: () => Promise<void>, allAgree: () => Promise<boolean>; // yours
 * await using cluster = await startFaultCluster();
 * const schedules = faultSchedule(fc, { nodes: ["a", "b"], kinds: ["partition", "heal", "wait"], how: ["reset"], maxWait: 5 });
 * await fc.assert(
 *   fc.asyncProperty(schedules, async (schedule) => {
 *     await runSchedule(cluster, schedule, { between: () => write() });
 *     return await allAgree();
 *   }),
 *   { numRuns: 5 },
 * );
 * @throws UnknownNodeError for a node that is not there; what `between` throws; TimeoutError
 */
export async function runSchedule(
  cluster: FaultCluster,
  schedule: { readonly steps: readonly FaultStep[] },
  { between, timeout = 30_000 }: RunScheduleOptions = {},
): Promise<void> {
  try {
    for (const [index, step] of schedule.steps.entries()) {
      if (step.step === "wait") await pause(step.milliseconds);
      else play(cluster, step);
      await between?.(step, index);
    }
  } finally {
    cluster.heal();
  }
  await cluster.settled({ timeout });
}

function play(cluster: FaultCluster, step: Exclude<FaultStep, { step: "wait" }>): void {
  switch (step.step) {
    case "partition":
      cluster.partition(step.left, step.right, { how: step.how });
      break;
    case "cut":
      cluster.cut(step.from, step.to);
      break;
    case "halfClose":
      cluster.halfClose(step.from, step.to);
      break;
    case "delay":
      cluster.delay(step.from, step.to, step.milliseconds);
      break;
    case "heal":
      cluster.heal();
      break;
  }
}
