/** Another flag of a process for a while. */

import { UsageError } from "../errors.ts";
import { atom, Pid } from "../term/index.ts";
import { changed, setting } from "./changes.ts";
import type { Kept } from "./keeper.ts";
import { nodeOf, type Target } from "./target.ts";

/** The flags of `process_flag/2` that may be changed, and their values: words where they are of memory. */
export interface ProcessFlags {
  /** Since OTP 24. */
  readonly fullsweep_after: number;
  readonly max_heap_size: number;
  readonly message_queue_data: "on_heap" | "off_heap";
  readonly min_bin_vheap_size: number;
  readonly min_heap_size: number;
  readonly priority: "low" | "normal" | "high";
  readonly save_calls: number;
  readonly trap_exit: boolean;
}

/**
 * Sets a flag of a process, and puts back what it was: as `withAppEnv` does, in every respect; nothing is put back when the process has ended. Only the process itself can
 * do it, so it is asked by `sys:replace_state`, which keeps its state: a gen_server, gen_statem or supervisor, or a gen_event that has a handler. Not for a production node.
 * @param process its pid or registered name
 * @throws UsageError when there is no process of this name
 * @throws ScriptError `not_otp` when it takes no system messages; `timeout`, `noproc`, `unreachable` for a gen_event without a handler; `badarg` when the runtime refuses the value
 * @example
 * await withProcessFlag(shop, "Elixir.Shop.Cart", "priority", "low");
 */
export function withProcessFlag<Flag extends keyof ProcessFlags>(
  target: Target,
  process: Pid | string,
  flag: Flag,
  value: ProcessFlags[Flag],
): Promise<Kept>;
export function withProcessFlag<Flag extends keyof ProcessFlags, Result>(
  target: Target,
  process: Pid | string,
  flag: Flag,
  value: ProcessFlags[Flag],
  work: () => Result | Promise<Result>,
): Promise<Result>;
export async function withProcessFlag<Flag extends keyof ProcessFlags, Result>(
  target: Target,
  process: Pid | string,
  flag: Flag,
  value: ProcessFlags[Flag],
  work?: () => Result | Promise<Result>,
): Promise<Kept | Result> {
  const pid = await pidOf(target, process);
  const term = typeof value === "number" ? value : atom(String(value));
  return changed(target, [{ thing: setting("process_flag", pid, flag), value: term }], work);
}

async function pidOf(target: Target, process: Pid | string): Promise<Pid> {
  if (process instanceof Pid) return process;
  const node = nodeOf(target);
  const found = await node.call("erlang", "whereis", [atom(process)]);
  if (found instanceof Pid) return found;
  throw new UsageError(`no process is registered as ${process}`, {
    node: node.name,
    remedy: "Name it as the node does: a module of Elixir begins with Elixir.",
  });
}
