/** Suspending and resuming many processes at once, with edeliver's results. */

import type { Guardian, SuspendFailure } from "../guard/index.ts";
import type { Pid } from "../term/index.ts";

/**
 * `ok | {errors, Count, [{Pid, Reason}]} | not_supported` as edeliver's `bulk_suspend/2` and `bulk_resume/2` return it,
 * without their defects: a process that is gone is an error of its own and never makes the rest "not supported",
 * and `not_supported` means that there were processes and none of them answered.
 */
export type BulkResult =
  | "ok"
  | "not_supported"
  | { readonly errors: number; readonly failed: readonly SuspendFailure[] };

/**
 * Suspends processes through the guardian, which will resume them if we vanish. Takes about one `timeout`, however many
 * processes there are; those that did not answer in time are sent a resume, so that they do not freeze later.
 * @param timeout milliseconds for all of them together
 */
export async function bulkSuspend(
  guardian: Guardian,
  pids: readonly Pid[],
  timeout: number,
): Promise<{ result: BulkResult; suspended: readonly Pid[] }> {
  const { suspended, failed } = await guardian.suspend(pids, { timeout });
  return { result: bulkResult(pids.length, failed), suspended };
}

/** Resumes what the guardian holds: exactly the recorded processes, never those found by looking again. */
export async function bulkResume(guardian: Guardian): Promise<BulkResult> {
  const { resumed, failed } = await guardian.resume();
  return bulkResult(resumed.length + failed.length, failed);
}

/** The result for `asked` processes of which these failed, in input order. */
export function bulkResult(asked: number, failed: readonly SuspendFailure[]): BulkResult {
  if (failed.length === 0) return "ok";
  const silent = failed.filter(({ reason }) => reason === "timeout" || reason === "not_otp");
  if (silent.length === asked) return "not_supported";
  return { errors: failed.length, failed };
}
