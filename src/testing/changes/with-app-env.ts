/** An application's environment with other values for a while. */

import { atom, tuple, UNDEFINED } from "../../term/index.ts";
import type { Kept } from "../keeper.ts";
import type { Target } from "../target.ts";
import { type JsValue, type ToTermOptions, toTerm } from "../terms/to-term.ts";
import { type Change, changed, setting } from "./changes.ts";

/** Keys and the values that they shall have; `undefined` takes a key away. Plain values are turned into terms by {@link toTerm}. */
export type AppEnv = Readonly<Record<string, JsValue | undefined>>;

/** How the environment is changed. */
export type AppEnvOptions = ToTermOptions;

/**
 * Sets keys of an application's environment (`Application.put_env`), and puts back what was there: after `work`, or when it is released, when the test of a fixture is
 * over, and when the runner is gone. Changes of the same key may overlap, also of several runners: the last one made counts, and what was before the first comes back with
 * the last, in whichever order they end. Who reads a key only at its start does not notice.
 * @throws ScriptError; TimeoutError after 5 s
 * @example
 * import { evaluate, withAppEnv } from "beamctl/testing";
 *
 * await withAppEnv(shop, "shop", { currency: "EUR" }); // until the test is over
 * const total = await withAppEnv(shop, "shop", { currency: "USD" }, () => evaluate(shop, "Shop.total()"));
 */
export function withAppEnv(target: Target, app: string, env: AppEnv): Promise<Kept>;
export function withAppEnv(
  target: Target,
  app: string,
  env: AppEnv,
  options: AppEnvOptions,
): Promise<Kept>;
export function withAppEnv<Result>(
  target: Target,
  app: string,
  env: AppEnv,
  work: () => Result | Promise<Result>,
): Promise<Result>;
export function withAppEnv<Result>(
  target: Target,
  app: string,
  env: AppEnv,
  options: AppEnvOptions,
  work: () => Result | Promise<Result>,
): Promise<Result>;
export function withAppEnv<Result>(
  target: Target,
  app: string,
  env: AppEnv,
  third?: AppEnvOptions | (() => Result | Promise<Result>),
  fourth?: () => Result | Promise<Result>,
): Promise<Kept | Result> {
  const [options, work] = typeof third === "function" ? [{}, third] : [third ?? {}, fourth];
  const changes = Object.entries(env).map(
    ([key, value]): Change => ({
      thing: setting("env", app, key),
      value: value === undefined ? UNDEFINED : tuple(atom("ok"), toTerm(value, options)),
    }),
  );
  return changed(target, changes, work);
}
