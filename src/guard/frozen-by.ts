/** Reading back: which processes of a hold are frozen now. */

import type { Remote } from "../otp/index.ts";
import { atom, type Pid, Tuple } from "../term/index.ts";
import { pidKey } from "./journal/records.ts";

/** Those of these processes that this guardian freezes, as the runtime lists them; none when it is gone. Changes nothing. */
export async function frozenBy(
  remote: Remote,
  guard: Pid | undefined,
  frozen: readonly Pid[],
): Promise<Pid[]> {
  if (guard === undefined || frozen.length === 0) return [];
  const found = await remote.call("erlang", "process_info", [guard, atom("suspending")]);
  const list = found instanceof Tuple ? (found.items[1] as readonly Tuple[]) : [];
  const held = new Set(list.map(({ items: [pid] }) => pidKey(pid as Pid)));
  return frozen.filter((pid) => held.has(pidKey(pid)));
}
