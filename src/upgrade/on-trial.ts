/** A version that runs and is not permanent, and failed: whether it may be left again at once, and what came of that. */

import { isBeamError } from "../errors.ts";
import { type NodeOutcome, UpgradeError } from "./errors.ts";
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

/** Goes back, and gives the error to throw: the failure with its report, and what the node is like now. */
export async function wentBack(
  failure: UpgradeError,
  to: string,
  back: () => Promise<unknown>,
): Promise<UpgradeError> {
  try {
    await back();
  } catch (error) {
    const known = isBeamError(error) ? error : undefined;
    const why = error instanceof Error ? error.message : String(error);
    const outcome =
      error instanceof UpgradeError && error.outcome !== "unchanged" ? error.outcome : "changed";
    const text = `and the way back to ${to} failed: ${why}`;
    return ended(failure, outcome, text, known?.remedy ?? failure.remedy);
  }
  return ended(
    failure,
    "rolled back",
    `${to} runs again`,
    "Nothing is to be done on the node: find the cause before the next try.",
  );
}

function ended(
  { stage, node, cause, findings, verified, report, message }: UpgradeError,
  outcome: NodeOutcome,
  text: string,
  remedy: string | undefined,
): UpgradeError {
  const told = `${message}; ${text}`;
  const about = { node, cause, findings, verified };
  const error = new UpgradeError(stage, outcome, told, { ...about, remedy });
  const end = { stage, outcome, message: told, remedy: remedy ?? null };
  error.report = report && { ...report, failure: end };
  return error;
}
