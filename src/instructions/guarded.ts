/** The guardian of a step that changes the node: without one, nothing is changed. */

import type { Guardian } from "../guard/index.ts";
import { InstructionError } from "./errors.ts";
import type { InstructionContext } from "./instruction.ts";

/** @throws InstructionError when the step runs unguarded, as when a plan puts it before the point of no return */
export function guarded(instruction: string, context: InstructionContext): Guardian {
  if (context.guardian !== undefined) return context.guardian;
  throw new InstructionError(instruction, "refuses to change the node without a guardian on it", {
    node: context.node.name,
    remedy: "Put it after the point of no return of the plan.",
  });
}
