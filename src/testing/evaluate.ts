/** Elixir or Erlang text, evaluated on the node with bindings from JavaScript. */

import { type EvaluateOptions, evaluate as evaluateTerms } from "../otp/index.ts";
import type { Term } from "../term/index.ts";
import { nodeOf, type Target } from "./target.ts";
import { type JsResult, toJs } from "./terms/to-js.ts";
import { type JsValue, type ToTermOptions, toTerm } from "./terms/to-term.ts";

/** How a text is evaluated in a test. */
export interface EvaluateInTestOptions extends Omit<EvaluateOptions, "bindings">, ToTermOptions {
  /** Values of variables, by the names that the text has for them; plain ones are turned into terms by {@link toTerm}. */
  readonly bindings?: Readonly<Record<string, JsValue>> | undefined;
  /** What the result is given as: the term (the default), or a plain value by {@link toJs}. */
  readonly as?: "term" | "js" | undefined;
}

/**
 * Evaluates Elixir (where the node has it loaded, else Erlang) and resolves to the last expression's value. It does whatever the text says. Atoms in the text are
 * made on the node and never freed: give what varies as bindings. Default timeout 5000 ms; the evaluation runs on after it.
 * @throws UsageError when a binding has no term; SourceError, RemoteError when the text cannot be read, or raised
 * @example
 * import { expect } from "vitest";
 * import { evaluate } from "beamctl/testing";
 *
 * const doubled = await evaluate(shop, "Enum.map(prices, & &1 * 2)", { bindings: { prices: [1, 2.5] }, as: "js" });
 * expect(doubled).toEqual([2, 5]);
 */
export function evaluate(
  target: Target,
  source: string,
  options: EvaluateInTestOptions & { readonly as: "js" },
): Promise<JsResult>;
export function evaluate(
  target: Target,
  source: string,
  options?: EvaluateInTestOptions & { readonly as?: "term" | undefined },
): Promise<Term>;
export async function evaluate(
  target: Target,
  source: string,
  { bindings = {}, keys, as = "term", ...options }: EvaluateInTestOptions = {},
): Promise<Term | JsResult> {
  const given = Object.entries(bindings).map(([name, value]) => [name, toTerm(value, { keys })]);
  const bound = Object.fromEntries(given) as Record<string, Term>;
  const result = await evaluateTerms(nodeOf(target), source, { ...options, bindings: bound });
  return as === "js" ? toJs(result) : result;
}
