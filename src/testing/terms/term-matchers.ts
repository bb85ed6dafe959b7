/** Matchers for terms, as `expect.extend` of vitest and jest takes them. */

import type { Term } from "../../term/index.ts";
import { type Compared, compareEqual, compareMatch } from "./compare-term.ts";
import type { TermPattern } from "./term-pattern.ts";

/** What {@link termMatchers} adds to `expect(value)`; to be mixed into the runner's own interface. */
export interface TermMatchers<Result = void> {
  /** The value matches the pattern. A term in its place must be equal, as `=:=`. */
  toMatchTerm(pattern: TermPattern | Term): Result;
  /** The value is this term, as `=:=` has it: `1` is not `1.0`, and a map has these keys and no others. */
  toEqualTerm(expected: TermPattern | Term): Result;
}

/**
 * Matchers that compare as the BEAM does and speak Elixir when they fail. Registered and typed once, in a set-up file:
 * @example
 * ```ts
 * // vitest
 * import { expect } from "vitest";
 * import { term, type TermMatchers, termMatchers } from "beamctl/testing";
 * expect.extend(termMatchers);
 * declare module "vitest" {
 *   interface Matchers<T = any> extends TermMatchers<T> {}
 * }
 *
 * // jest with @types/jest; with @jest/globals it is `declare module "expect" { interface Matchers<R extends void | Promise<void>> extends TermMatchers<R> {} }`
 * expect.extend(termMatchers);
 * declare global {
 *   namespace jest {
 *     interface Matchers<R> extends TermMatchers<R> {}
 *   }
 * }
 *
 * // then
 * const reply = await shop.node.call("Elixir.Shop", "find", [7]);
 * expect(reply).toMatchTerm(term`{:ok, %{name: _}}`);
 * expect(reply).not.toEqualTerm(term`:error`);
 * ```
 */
export const termMatchers: {
  /** See {@link TermMatchers.toMatchTerm}. */
  readonly toMatchTerm: (received: unknown, pattern: TermPattern | Term) => Compared;
  /** See {@link TermMatchers.toEqualTerm}. */
  readonly toEqualTerm: (received: unknown, expected: TermPattern | Term) => Compared;
} = { toMatchTerm: compareMatch, toEqualTerm: compareEqual };
