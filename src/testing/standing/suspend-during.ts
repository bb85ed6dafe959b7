/** Processes that stand still while a function runs. */

import type { BeamNode } from "../../node/index.ts";
import { process } from "../process/process.ts";
import type { ProcessName } from "../process/process-name.ts";
import { nodeOf, type Target } from "../target.ts";
import { during } from "./during.ts";
import { standStill } from "./standing-still.ts";

/** One or more processes, or a function that finds them. */
export type ProcessSelector =
  | ProcessName
  | readonly ProcessName[]
  | ((node: BeamNode) => Promise<readonly ProcessName[]>);

/** How processes are suspended. */
export interface SuspendDuringOptions {
  /** Milliseconds after which the node resumes them by itself, whatever happens. Default 60000. */
  readonly cap?: number | undefined;
}

/**
 * Suspends processes by `sys:suspend`, runs `work`, and resumes them: also when it throws, when the test of a fixture is over and when the runner is gone. Meanwhile
 * they take messages and answer none. All of them stand still, or none: who may is decided as by the guardian (workers that take system messages; no supervisors,
 * nothing of the system, nobody that is suspended already). No process is sent a `$gen_call`.
 * @throws NoProcessError when one is not there
 * @throws StandStillError with each process that may not or did not within a second; what `work` throws
 * @throws ScriptError `not_resumed` when one did not take its resume within 2 s
 * @example
 * import { expect } from "vitest";
 * import { atom, TimeoutError } from "beamctl";
 * import { suspendDuring } from "beamctl/testing";
 *
 * await suspendDuring(shop, "Shop.Cart", async () => {
 *   await expect(shop.node.genCall("Elixir.Shop.Cart", atom("total"), { timeout: 100 })).rejects.toThrow(TimeoutError);
 * });
 */
export async function suspendDuring<Result>(
  target: Target,
  processes: ProcessSelector,
  work: () => Result | Promise<Result>,
  { cap = 60_000 }: SuspendDuringOptions = {},
): Promise<Result> {
  const chosen = typeof processes === "function" ? await processes(nodeOf(target)) : processes;
  const several = Array.isArray(chosen)
    ? (chosen as readonly ProcessName[])
    : [chosen as ProcessName];
  const pids = await Promise.all(several.map((name) => process(target, name).pid()));
  return during(await standStill(target, "suspend", pids, cap), work);
}
