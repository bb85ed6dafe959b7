/** A pattern for terms, as the left side of `=` in Elixir or Erlang. */

import { UsageError } from "../../errors.ts";
import type { Syntax, Term } from "../../term/index.ts";
import { Matcher, type Mismatch } from "./pattern-match.ts";
import { type PatternNode, termOf } from "./pattern-node.ts";
import { patternText } from "./pattern-text.ts";

/** What the variables of a pattern stand for, by name. */
export type TermBindings = Readonly<Record<string, Term>>;

/**
 * A pattern, made by {@link term}. Matching has no side effects beyond those of its predicates, and nothing leaves this process.
 * @example
 * import { type TermPattern, term } from "beamctl/testing";
 *
 * const even: TermPattern = term`[first, _]`;
 * even.matches([1, 2]); // => { first: 1 }
 * even.matches([1]); // => undefined
 */
export class TermPattern {
  /** @internal What it is made of. */
  readonly node: PatternNode;
  /** The language that it was written in, and that messages about it are in. */
  readonly syntax: Syntax;

  /** @internal Use {@link term}. */
  constructor(node: PatternNode, syntax: Syntax) {
    this.node = node;
    this.syntax = syntax;
  }

  /**
   * What its variables bind when the value matches, `undefined` when it does not. Names that begin with `_` must agree as others do, but
   * are not among the bindings. What a predicate throws is thrown.
   */
  matches(value: Term): TermBindings | undefined {
    const matcher = new Matcher(this.syntax);
    if (matcher.match(this.node, value, "") !== undefined) return undefined;
    const kept = [...matcher.bound].filter(([name]) => !name.startsWith("_"));
    return Object.fromEntries(kept.map(([name, { value: bound }]) => [name, bound]));
  }

  /** The first place where the value does not match, `undefined` when it does. */
  explain(value: Term): Mismatch | undefined {
    return new Matcher(this.syntax).match(this.node, value, "");
  }

  /**
   * The term itself, of a pattern that has no variables, `_` or predicates.
   * @throws UsageError when it has
   */
  toTerm(): Term {
    const found = termOf(this.node);
    if (found !== undefined) return found;
    throw new UsageError(`the pattern ${this.toString()} is no term`, {
      remedy: "Replace its variables and predicates by values.",
    });
  }

  /** Its text; a predicate shows as `${name}`, and long values are cut. */
  toString(): string {
    return patternText(this.node, this.syntax);
  }
}
