/** After a failure: what the node is like now, asked of the node itself. */

import { isBeamError } from "../errors.ts";
import type { BeamNode } from "../node/index.ts";
import { initStatus, leftSuspended, whichReleases } from "../otp/index.ts";
import { type NodeOutcome, UpgradeError } from "./errors.ts";
import type { Stage } from "./events.ts";

/** How long the node may take to show that it restarts, in milliseconds. */
const PATIENCE = 2000;

/** The error to throw: the cause with the stage it came from and the state the node was left in. */
export async function failed(node: BeamNode, stage: Stage, error: unknown): Promise<UpgradeError> {
  if (error instanceof UpgradeError) return error;
  const outcome = await outcomeOf(node, stage);
  const message = error instanceof Error ? error.message : String(error);
  const remedy = isBeamError(error) ? error.remedy : undefined;
  return new UpgradeError(stage, outcome, `${stage} failed: ${message}`, {
    node: node.name,
    remedy: REMEDIES[outcome] ?? remedy,
    cause: error,
  });
}

const REMEDIES: Readonly<Partial<Record<NodeOutcome, string>>> = {
  restarting: "The node restarts on its permanent release: wait for it, then read its log.",
  suspended: "Run `beamctl recover` now: processes are still suspended.",
  unknown: "The link is lost: the guardian undoes what was held; run `beamctl recover`.",
};
