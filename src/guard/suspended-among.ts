/** Reading back: which processes of a hold are suspended now. */

import { leftSuspended, type Remote } from "../otp/index.ts";
import type { Pid } from "../term/index.ts";

/**
 * Those of these processes that are suspended now, whoever did it. Changes nothing; no other process is looked at, since one that hibernates can only be
 * asked, and that wakes it.
 */
export async function suspendedAmong(remote: Remote, pids: readonly Pid[]): Promise<Pid[]> {
  return pids.length === 0 ? [] : leftSuspended(remote, { among: pids });
}
