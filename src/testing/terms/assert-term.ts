/** Terms asserted without a runner's `expect`. */

import { AssertionError } from "node:assert";
import type { Term } from "../../term/index.ts";
import { compareMatch } from "./compare-term.ts";
import { type TermBindings, TermPattern } from "./term-pattern.ts";

/**
 * Asserts that a value matches a pattern, or is a term, and gives what the variables bind. For node:test, or wherever there is no `expect`.
 * @example
 * import { atom } from "beamctl/term";
 * import { assertTerm, process, term } from "beamctl/testing";
 *
 * const reply = await process(shop, "Shop.Cart").call(atom("get"));
 * const { items } = assertTerm(reply, term`{:ok, %{items: items}}`);
 * @throws AssertionError of `node:assert`, which says where the value differs
 */
export function assertTerm(value: unknown, pattern: TermPattern | Term): TermBindings {
  const compared = compareMatch(value, pattern);
  if (compared.pass) {
    return pattern instanceof TermPattern ? (pattern.matches(value as Term) ?? {}) : {};
  }
  const message = compared.message();
  throw new AssertionError({ message, operator: "matchTerm", stackStartFn: assertTerm });
}
