/** Reading back: which processes of a hold are suspended now. */

import { leftSuspended, type Remote } from "../otp/index.ts";
import type { Pid } from "../term/index.ts";
import { pidKey } from "./journal/records.ts";

/** Those of these processes that are suspended now, whoever did it. Changes nothing. */
export async function suspendedAmong(remote: Remote, pids: readonly Pid[]): Promise<Pid[]> {
  if (pids.length === 0) return [];
  const asked = new Set(pids.map(pidKey));
  return (await leftSuspended(remote)).filter((pid) => asked.has(pidKey(pid)));
}
