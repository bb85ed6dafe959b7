/** From instructions to the ordered list of an upgrade, with dependencies in front of what needs them. */

import { UsageError } from "../errors.ts";
import { CheckProcessesRunningOldCode } from "./check-processes-running-old-code.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { CheckRanchConnections } from "./check-ranch-connections.ts";
import { FinishRunningRequests } from "./finish-running-requests.ts";
import type { Instruction, InstructionConfig, Instructions, PlanStep } from "./instruction.ts";
import { ResumeChannels } from "./resume-channels.ts";
import { ResumeRanchAcceptors } from "./resume-ranch-acceptors.ts";
import { SuspendChannels } from "./suspend-channels.ts";
import { SuspendRanchAcceptors } from "./suspend-ranch-acceptors.ts";

/** edeliver's ritual for Phoenix, in its order. */
export const EDELIVER: readonly Instruction[] = [
  CheckProcessesRunningOldCode,
  CheckRanchAcceptors,
  CheckRanchConnections,
  SuspendRanchAcceptors,
  SuspendChannels,
  FinishRunningRequests,
  ResumeChannels,
  ResumeRanchAcceptors,
] as readonly Instruction[];

/** Nothing beyond what the relup itself suspends; only the check that loading kills nobody. */
export const MINIMAL: readonly Instruction[] = [
  CheckProcessesRunningOldCode,
] as readonly Instruction[];

/** The two plans by the names that users give. */
export const PLANS: Readonly<Record<"edeliver" | "minimal", readonly Instruction[]>> = {
  edeliver: EDELIVER,
  minimal: MINIMAL,
};

const SKELETON: readonly PlanStep[] = [
  { type: "point_of_no_return" },
  { type: "install" },
  { type: "verify" },
];

/**
 * The lists of an upgrade: each instruction goes where its `insertWhere` says, in the order given.
 * @throws UsageError when an instruction would run before one it depends on, or without it
 */
export function plan(
  instructions: readonly Instruction[],
  versions: { up: string; down: string; changedModules: readonly string[] },
  config: InstructionConfig,
): Instructions {
  let result: Instructions = {
    upInstructions: SKELETON,
    downInstructions: SKELETON,
    upVersion: versions.up,
    downVersion: versions.down,
    changedModules: versions.changedModules,
  };
  for (const instruction of instructions) {
    const args = instruction.arguments(result, config);
    result = instruction.insertWhere(result, { type: "run", instruction, args });
  }
  checkDependencies(result.upInstructions);
  checkDependencies(result.downInstructions);
  return result;
}

/** The steps before the point of no return: they only look, and run at check time and again at install time. */
export function checks(steps: readonly PlanStep[]): readonly PlanStep[] {
  return steps.slice(0, pointOfNoReturn(steps));
}

/** The steps after the point of no return, in order. */
export function changes(steps: readonly PlanStep[]): readonly PlanStep[] {
  return steps.slice(pointOfNoReturn(steps) + 1);
}

function pointOfNoReturn(steps: readonly PlanStep[]): number {
  return steps.findIndex((step) => step.type === "point_of_no_return");
}

function checkDependencies(steps: readonly PlanStep[]): void {
  const before = new Set<string>();
  for (const step of steps) {
    if (step.type !== "run") continue;
    const missing = step.instruction.dependencies.find(({ name }) => !before.has(name));
    if (missing !== undefined) {
      throw new UsageError(`${step.instruction.name} needs ${missing.name} before it in the plan`, {
        remedy: `Put ${missing.name} into the plan, in front of ${step.instruction.name}.`,
      });
    }
    before.add(step.instruction.name);
  }
}
