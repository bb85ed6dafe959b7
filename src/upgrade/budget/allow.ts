/** What an upgrade is allowed, told before anything is held. */

import { SuspendChannels } from "../../instructions/index.ts";
import type { Remote } from "../../otp/index.ts";
import { changedModules } from "../../relup/index.ts";
import { type Prepared, stepName } from "../prepare.ts";
import type { Stages } from "../stages.ts";
import { type Budget, type BudgetOptions, budgetLine, budgetOf, staleWarning } from "./budget.ts";

/** The budget of what was prepared. Read-only. */
export function budgetFor(
  remote: Remote,
  { steps, path, config }: Prepared,
  options: BudgetOptions = {},
): Promise<Budget> {
  const holds = steps.some((step) => stepName(step) === SuspendChannels.name);
  return budgetOf(remote, options, {
    suspend: holds ? config.suspend : undefined,
    drainTimeout: config.drainTimeout,
    modules: changedModules(path.instructions).length,
  });
}

/** As {@link budgetFor}, and tells it. */
export async function allow(
  remote: Remote,
  stages: Stages,
  prepared: Prepared,
  options?: BudgetOptions,
): Promise<Budget> {
  const budget = await budgetFor(remote, prepared, options);
  if (budget.suspend !== undefined) {
    const warning = staleWarning(budget.suspend);
    if (warning !== undefined) stages.log("warning", warning);
    stages.log("info", budgetLine(budget));
  }
  stages.budget(budget, { held: 0, queues: undefined });
  return budget;
}
