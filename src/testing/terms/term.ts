/** Patterns from template literals. */

import { UsageError } from "../../errors.ts";
import type { Syntax, Term } from "../../term/index.ts";
import { type PatternNode, readPattern } from "./pattern-node.ts";
import { TermPattern } from "./term-pattern.ts";

/** What a hole of a pattern may hold: a term that must be equal, a function that decides, or another pattern. */
export type TermHole = Term | TermPattern | ((value: Term) => boolean);

/** Makes a {@link TermPattern} of a template literal. */
export type TermTag = (texts: TemplateStringsArray, ...holes: readonly TermHole[]) => TermPattern;

/**
 * A pattern in Elixir syntax; `` term.erlang`...` `` reads Erlang. As in these languages `_` matches anything, a variable binds (one that
 * stands twice must be equal), a map or struct matches those that hold at least its pairs, and `[first | rest]` takes a list apart. Binaries are literals. A
 * hole holds a term (compared exactly, maps too), a function that gives `true` or `false`, or another pattern, whose variables are then
 * shared. Escapes are those of Elixir or Erlang, not of JavaScript.
 * @example
 * import { parse, type Term } from "beamctl/term";
 * import { term } from "beamctl/testing";
 *
 * const reply = parse('{:ok, %{id: 7, name: "tea", price: 2}}');
 * term`{:ok, %{id: ${7}, price: price}}`.matches(reply); // => { price: 2 }
 * term`[${(price: Term) => Number(price) > 0} | _]`.matches([1, 2]); // => {}
 * term.erlang`{ok, #{id := Id, price := Id}}`.matches(reply); // => undefined
 * @throws TermSyntaxError when the text is no such pattern
 * @throws UsageError when a hole holds something else, or stands inside a text
 */
export const term: TermTag & { readonly erlang: TermTag } = Object.assign(tag("elixir"), {
  erlang: tag("erlang"),
});

function tag(syntax: Syntax): TermTag {
  return ({ raw }, ...holes) => {
    const source = raw.reduce((before, part, index) => `${before}\${${index - 1}}${part}`);
    return new TermPattern(readPattern(source, syntax, holes.map(nodeOfHole)), syntax);
  };
}

function nodeOfHole(hole: TermHole, index: number): PatternNode {
  if (hole instanceof TermPattern) return hole.node;
  if (typeof hole === "function") return { kind: "predicate", test: hole };
  const kind: string = hole === null ? "null" : typeof hole;
  if (kind === "object" || kind === "number" || kind === "bigint") {
    return { kind: "value", term: hole };
  }
  throw new UsageError(`the hole \${${index}} of a pattern holds a JavaScript ${kind}, no term`, {
    remedy: 'Use atom("..."), binary("...") and the other values of beamctl/term.',
  });
}
