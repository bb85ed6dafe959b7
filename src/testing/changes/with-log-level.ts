/** Another log level for a while. */

import type { LogLevel } from "../../otp/index.ts";
import { atom } from "../../term/index.ts";
import type { Kept } from "../keeper.ts";
import { moduleName } from "../process/module-name.ts";
import type { Target } from "../target.ts";
import { changed, setting } from "./changes.ts";

/** Whose level it is. */
export interface LogLevelOptions {
  /** Only what this module logs, as `Shop.Cart` or `shop_cart`: its level overrides that of the node. Default: the whole node's, the primary level. */
  readonly module?: string | undefined;
}

/**
 * Sets the level of the node's `logger`, and puts back what it was: as `withAppEnv` does, in every respect. Handlers have levels of their own, which stay. On a busy
 * node a lower level costs what the additional events cost.
 * @throws ScriptError; TimeoutError after 5 s
 * @example
 * import { evaluate, withLogLevel } from "beamctl/testing";
 *
 * await withLogLevel(shop, "debug", { module: "Shop.Cart" });
 * await withLogLevel(shop, "none", () => evaluate(shop, "Shop.noisy()"));
 */
export function withLogLevel(
  target: Target,
  level: LogLevel | "all" | "none",
  options?: LogLevelOptions,
): Promise<Kept>;
export function withLogLevel<Result>(
  target: Target,
  level: LogLevel | "all" | "none",
  work: () => Result | Promise<Result>,
): Promise<Result>;
export function withLogLevel<Result>(
  target: Target,
  level: LogLevel | "all" | "none",
  options: LogLevelOptions,
  work: () => Result | Promise<Result>,
): Promise<Result>;
export function withLogLevel<Result>(
  target: Target,
  level: LogLevel | "all" | "none",
  second?: LogLevelOptions | (() => Result | Promise<Result>),
  third?: () => Result | Promise<Result>,
): Promise<Kept | Result> {
  const [options, work] = typeof second === "function" ? [{}, second] : [second ?? {}, third];
  const { module } = options;
  const thing = module === undefined ? setting("level") : setting("level", moduleName(module));
  return changed(target, [{ thing, value: atom(level) }], work);
}
