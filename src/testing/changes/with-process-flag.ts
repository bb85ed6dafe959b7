/** Another flag of a process for a while. */

import { atom } from "../../term/index.ts";
import type { Kept } from "../keeper.ts";
import { process } from "../process/process.ts";
import type { ProcessName } from "../process/process-name.ts";
import type { Target } from "../target.ts";
import { changed, setting } from "./changes.ts";

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
 * @throws NoProcessError when it is not there
 * @throws ScriptError `not_otp` when it takes no system messages; `timeout`, `noproc`, `unreachable` for a gen_event without a handler; `badarg` when the runtime refuses the value
 * @example
 * import { withProcessFlag } from "beamctl/testing";
 *
 * await withProcessFlag(shop, "Shop.Cart", "priority", "low");
 */
export function withProcessFlag<Flag extends keyof ProcessFlags>(
  target: Target,
  name: ProcessName,
  flag: Flag,
  value: ProcessFlags[Flag],
): Promise<Kept>;
export function withProcessFlag<Flag extends keyof ProcessFlags, Result>(
  target: Target,
  name: ProcessName,
  flag: Flag,
  value: ProcessFlags[Flag],
  work: () => Result | Promise<Result>,
): Promise<Result>;
export async function withProcessFlag<Flag extends keyof ProcessFlags, Result>(
  target: Target,
  name: ProcessName,
  flag: Flag,
  value: ProcessFlags[Flag],
  work?: () => Result | Promise<Result>,
): Promise<Kept | Result> {
  const pid = await process(target, name).pid();
  const term = typeof value === "number" ? value : atom(String(value));
  return changed(target, [{ thing: setting("process_flag", pid, flag), value: term }], work);
}
