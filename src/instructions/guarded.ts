/** The guardian of a step that changes the node: without one, nothing is changed. */

import type { Guardian, ProcessOptions } from "../guard/index.ts";
import type { Pid } from "../term/index.ts";
import type { Place } from "../topology/index.ts";
import { InstructionError } from "./errors.ts";
import type { InstructionContext } from "./instruction.ts";

/** The steps of a guardian, taken at the time at which the instruction runs. */
export type Steps = Pick<Guardian, "suspend" | "freeze" | "resume" | "hold" | "release">;

/** @throws InstructionError when the step runs unguarded, as when a plan puts it before the point of no return */
export function guarded(
  instruction: string,
  { guardian, node, duringInstall }: InstructionContext,
): Steps {
  if (guardian === undefined) {
    throw new InstructionError(instruction, "refuses to change the node without a guardian on it", {
      node: node.name,
      remedy: "Put it after the point of no return of the plan.",
    });
  }
  const now = { duringInstall };
  return {
    suspend: (pids: readonly Pid[], options?: ProcessOptions) =>
      guardian.suspend(pids, { ...options, ...now }),
    freeze: (pids: readonly Pid[], options?: ProcessOptions) =>
      guardian.freeze(pids, { ...options, ...now }),
    resume: (pids?: readonly Pid[], options?: ProcessOptions) =>
      guardian.resume(pids, { ...options, ...now }),
    hold: (places: readonly Place[]) => guardian.hold(places, now),
    release: () => guardian.release(now),
  };
}
