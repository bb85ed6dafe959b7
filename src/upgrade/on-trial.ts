/** A version that runs and is not permanent, and failed: whether it may be left again at once, and what came of that. */

import { isBeamError } from "../errors.ts";
import { UpgradeError } from "./errors.ts";
import type { Stage } from "./events.ts";

/** A version that only waits for somebody in old code is as wished, and not left for that. */
const ON_TRIAL: readonly Stage[] = ["verify", "resume", "soak"];

/** Whether this failure left the new version running whole, with nothing held: only then another upgrade may follow it. */
export function isOnTrial(error: unknown): error is UpgradeError {
  return (
    error instanceof UpgradeError &&
    error.outcome === "changed" &&
    (ON_TRIAL.includes(error.stage) || isAborted(error))
  );
}

/** Whether the user stopped it. */
function isAborted({ cause }: UpgradeError): boolean {
  return isBeamError(cause) && cause.code === "BEAM_ABORTED";
}

/** Goes back, and gives the error to throw: the failure, with what the node is like now. */
export async function wentBack(
  failure: UpgradeError,
  to: string,
  back: () => Promise<unknown>,
): Promise<UpgradeError> {
  const about = {
    node: failure.node,
    cause: failure.cause,
    findings: failure.findings,
    verified: failure.verified,
  };
  try {
    await back();
  } catch (error) {
    const known = isBeamError(error) ? error : undefined;
    const why = error instanceof Error ? error.message : String(error);
    const outcome =
      error instanceof UpgradeError && error.outcome !== "unchanged" ? error.outcome : "changed";
    return new UpgradeError(
      failure.stage,
      outcome,
      `${failure.message}; and the way back to ${to} failed: ${why}`,
      { ...about, remedy: known?.remedy ?? failure.remedy },
    );
  }
  return new UpgradeError(failure.stage, "rolled back", `${failure.message}; ${to} runs again`, {
    ...about,
    remedy: "Nothing is to be done on the node: find the cause before the next try.",
  });
}
