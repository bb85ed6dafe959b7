/** The instructions that have work to do, by the modules that a relup names. */

import { type Instruction, runnableModule } from "../relup/index.ts";
import {
  CodeChangeOnAppProcesses,
  ResumeAppProcesses,
  SuspendAppProcesses,
} from "./app-processes.ts";
import { CheckProcessesRunningOldCode } from "./check-processes-running-old-code.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { CheckRanchConnections } from "./check-ranch-connections.ts";
import { FinishRunningRequests } from "./finish-running-requests.ts";
import { Info } from "./info.ts";
import type { RunnableInstruction } from "./instruction.ts";
import { LoadProtocols } from "./load-protocols.ts";
import { RefreshEndpoints } from "./refresh-endpoints.ts";
import { ReloadModules } from "./reload-modules.ts";
import { RerunFailedRequests } from "./rerun-failed-requests.ts";
import { ResumeChannels } from "./resume-channels.ts";
import { ResumeRanchAcceptors } from "./resume-ranch-acceptors.ts";
import { Sleep } from "./sleep.ts";
import { SuspendChannels } from "./suspend-channels.ts";
import { SuspendRanchAcceptors } from "./suspend-ranch-acceptors.ts";

/** edeliver's, all of them, and two of our own for what no relup does. */
export const INSTRUCTIONS: readonly RunnableInstruction[] = [
  CheckProcessesRunningOldCode,
  CheckRanchAcceptors,
  CheckRanchConnections,
  SuspendRanchAcceptors,
  SuspendChannels,
  FinishRunningRequests,
  SuspendAppProcesses,
  ReloadModules,
  CodeChangeOnAppProcesses,
  ResumeAppProcesses,
  RerunFailedRequests,
  ResumeChannels,
  ResumeRanchAcceptors,
  LoadProtocols,
  RefreshEndpoints,
  Info,
  Sleep,
];

/**
 * These and the user's own, by module; the user's win.
 * @example
 * import { catalogueOf } from "beamctl/instructions";
 *
 * catalogueOf([]).get("Elixir.Edeliver.Relup.Instructions.Sleep")?.name; // => 'Sleep'
 */
export function catalogueOf(
  own: readonly RunnableInstruction[],
): ReadonlyMap<string, RunnableInstruction> {
  const all = [...INSTRUCTIONS, ...own];
  return new Map(all.map((instruction) => [instruction.module, instruction]));
}

/** The instruction that a `{apply, {Module, run, _}}` of a list names, if it is in the catalogue. */
export function instructionOf(
  call: Instruction,
  catalogue: ReadonlyMap<string, RunnableInstruction>,
): RunnableInstruction | undefined {
  return catalogue.get(runnableModule(call)?.name ?? "");
}
