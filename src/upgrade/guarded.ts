/** The part of an operation that holds something: under a guardian, and given back whatever happens. */

import {
  GuardHeldError,
  Guardian,
  type GuardOptions,
  guardStatus,
  leftOf,
} from "../guard/index.ts";
import type { BeamNode } from "../node/index.ts";
import { InstallRunningError, UpgradeError } from "./errors.ts";
import type { Finding } from "./preflight/index.ts";
import type { Stages } from "./stages.ts";

/** What is left of a hold, as far as anybody can tell. */
export type Left = ReturnType<typeof leftOf>;

/**
 * Arms a guardian, does `work`, and has all given back. `tell` hears what was left, also when `work` has failed.
 * @throws what `work` throws; UpgradeError when not everything runs again
 */
export async function guarded(
  node: BeamNode,
  stages: Stages,
  options: GuardOptions,
  tell: (left: Left) => void,
  work: (guardian: Guardian) => Promise<void>,
): Promise<void> {
  const guardian = await stages.in("guard", () => Guardian.arm(node, options));
  try {
    await work(guardian);
  } catch (error) {
    if (error instanceof InstallRunningError) {
      await guardian.leave(); // it waits for the release handler, however long that takes
      tell("unknown");
    } else {
      tell(leftOf(await guardian.undo()));
    }
    throw error;
  }
  await stages.in("resume", async () => {
    const left = leftOf(await guardian.undo());
    tell(left);
    guardian.lost.throwIfAborted();
    if (left === "nothing") return;
    const [outcome, text] =
      left === "something"
        ? (["suspended", "not everything that was held runs again"] as const)
        : (["unknown", "the node did not tell whether all that was held runs again"] as const);
    throw new UpgradeError("resume", outcome, text, {
      node: node.name,
      remedy: "Run `beamctl recover` now.",
    });
  });
}

/** The finding that another controller guards the node, in that guardian's own words: the check may only read, and asks it nothing. */
export async function withHolder(
  node: BeamNode,
  findings: readonly Finding[],
): Promise<readonly Finding[]> {
  if (!findings.some(({ code }) => code === "guarded")) return findings;
  const status = await guardStatus(node).catch(() => undefined);
  if (status === undefined) return findings;
  const what = new GuardHeldError(status).message;
  return findings.map((finding) => (finding.code === "guarded" ? { ...finding, what } : finding));
}
