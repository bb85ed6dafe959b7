/** A pattern as Erlang that the node evaluates, so that a term need not leave it to be matched. */

import { UsageError } from "../../errors.ts";
import { atom, type Term, tuple } from "../../term/index.ts";
import type { PatternNode } from "./pattern-node.ts";
import type { TermPattern } from "./term-pattern.ts";

/** The bindings that {@link MATCHES} needs. */
export const MATCHES_BINDINGS: readonly string[] = ["Form", "Pins"];

/** Binds `Matches`, which tells whether a term matches. */
export const MATCHES = `
Matches = fun(Matched) ->
    {value, Answer, _} = erl_eval:expr(Form, erl_eval:add_binding('Value', Matched, Pins)),
    Answer
end,
`;

/**
 * The values of `Form` and `Pins`: an abstract `case` with one clause, and the values that it compares with. Without a pattern everything matches.
 * @throws UsageError when the pattern holds a JavaScript function
 */
export function matchForm(pattern: TermPattern | undefined): { Form: Term; Pins: Term } {
  const writer = new FormWriter(pattern);
  const form = pattern === undefined ? writer.any() : writer.of(pattern.node);
  const clause = (head: Term, answer: string): Term =>
    tuple(atom("clause"), 1, [head], [], [tuple(atom("atom"), 1, atom(answer))]);
  const clauses = [clause(form, "true"), clause(writer.any(), "false")];
  return {
    Form: tuple(atom("case"), 1, tuple(atom("var"), 1, atom("Value")), clauses),
    Pins: writer.pins(),
  };
}

class FormWriter {
  readonly #pattern: TermPattern | undefined;
  readonly #pinned: Term[] = [];
  readonly #variables = new Map<string, Term>();

  constructor(pattern: TermPattern | undefined) {
    this.#pattern = pattern;
  }

  /** An orddict: sorted by name. */
  pins(): Term[] {
    const names = this.#pinned.map((value, index) => [`P${index}`, value] as const);
    return names
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, value]) => tuple(atom(name), value));
  }

  any(): Term {
    return tuple(atom("var"), 1, atom("_"));
  }

  of(node: PatternNode): Term {
    switch (node.kind) {
      case "any":
        return this.any();
      case "variable":
        return this.#variable(node.name);
      case "value":
        return this.#pin(node.term);
      case "tuple":
        return tuple(
          atom("tuple"),
          1,
          node.items.map((item) => this.of(item)),
        );
      case "list":
        return node.items.reduceRight<Term>(
          (tail, item) => tuple(atom("cons"), 1, this.of(item), tail),
          node.tail === undefined ? tuple(atom("nil"), 1) : this.of(node.tail),
        );
      case "map":
        return tuple(
          atom("map"),
          1,
          node.pairs.map(([key, value]) =>
            tuple(atom("map_field_exact"), 1, this.#pin(key), this.of(value)),
          ),
        );
      case "predicate":
        throw new UsageError(
          `the pattern ${String(this.#pattern)} holds a JavaScript function, which the node cannot evaluate`,
          { remedy: "Wait for a pattern without functions, and check the rest of the value here." },
        );
    }
  }

  /** A bound variable: in a pattern it is compared, and any term can be bound. */
  #pin(value: Term): Term {
    this.#pinned.push(value);
    return tuple(atom("var"), 1, atom(`P${this.#pinned.length - 1}`));
  }

  /** Under a name of ours, so that no atoms are made on the node. */
  #variable(name: string): Term {
    const known = this.#variables.get(name);
    if (known !== undefined) return known;
    const made = tuple(atom("var"), 1, atom(`V${this.#variables.size}`));
    this.#variables.set(name, made);
    return made;
  }
}
