/** Another setting of the runtime for a while. */

import { atom } from "../../term/index.ts";
import type { Kept } from "../keeper.ts";
import type { Target } from "../target.ts";
import { changed, setting } from "./changes.ts";

/** The flags of `erlang:system_flag/2` that may be changed, and their values: words where they are of memory. */
export interface SystemFlags {
  readonly backtrace_depth: number;
  readonly dirty_cpu_schedulers_online: number;
  readonly fullsweep_after: number;
  readonly max_heap_size: number;
  readonly min_bin_vheap_size: number;
  readonly min_heap_size: number;
  readonly scheduler_wall_time: boolean;
  readonly schedulers_online: number;
}

/**
 * Sets a flag of the whole runtime, as `erlang:system_flag/2`, and puts back what it was: as `withAppEnv` does, in every respect. The flags of memory
 * hold for processes that are started meanwhile. Everybody on the node feels it: not for a production node.
 * @throws ScriptError when the runtime refuses the value
 * @example
 * import { evaluate, withSystemFlag } from "beamctl/testing";
 *
 * await withSystemFlag(shop, "schedulers_online", 1, () => evaluate(shop, "Shop.race()"));
 */
export function withSystemFlag<Flag extends keyof SystemFlags>(
  target: Target,
  flag: Flag,
  value: SystemFlags[Flag],
): Promise<Kept>;
export function withSystemFlag<Flag extends keyof SystemFlags, Result>(
  target: Target,
  flag: Flag,
  value: SystemFlags[Flag],
  work: () => Result | Promise<Result>,
): Promise<Result>;
export function withSystemFlag<Flag extends keyof SystemFlags, Result>(
  target: Target,
  flag: Flag,
  value: SystemFlags[Flag],
  work?: () => Result | Promise<Result>,
): Promise<Kept | Result> {
  const given: number | boolean = value;
  const term = typeof given === "boolean" ? atom(String(given)) : given;
  return changed(target, [{ thing: setting("system_flag", flag), value: term }], work);
}
