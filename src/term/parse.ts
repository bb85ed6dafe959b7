/** Terms from text: the literals of Elixir and Erlang, and nothing that would have to be evaluated. */

import type { Syntax } from "./inspect.ts";
import { ElixirParser } from "./parse-elixir.ts";
import { ErlangParser } from "./parse-erlang.ts";
import type { Term } from "./term.ts";

/** How {@link parse} reads. */
export interface ParseOptions {
  /** Default `"elixir"`. */
  syntax?: Syntax | undefined;
  /** The node whose pids, ports and references the text may hold as `<0.512.0>`; needs `creation` too. */
  node?: string | undefined;
  /** The creation of that node. */
  creation?: number | undefined;
  /**
   * Gives what a variable (`name` in Elixir, `Name` in Erlang, `_`) or a numbered hole (`${0}`) stands for. In Erlang maps `:=` is then
   * the same as `=>`. Default: they are errors.
   */
  variable?: ((name: string) => Term) | undefined;
}

/**
 * The one term that `source` is. Reads what {@link inspect} prints, except closures: numbers, atoms, text, charlists, binaries
 * with segments, tuples, lists, maps, structs, captures as `&Mod.fun/1` and `fun mod:f/1`, and, for a known node, pids. Erlang
 * text may end with a full stop. Nothing is evaluated; nesting, sizes and lengths are bounded, so reading ends soon.
 * @throws TermSyntaxError where the text is no such term, with the offset
 * @throws LimitError when this process holds too many atoms already
 * @example
 * import { parse } from "beamctl/term";
 *
 * parse('{:ok, %{"item" => "tea", price: 2.5}}'); // => {:ok, %{"item" => "tea", :price => 2.5}}
 * parse("{ok, [<<\"tea\">>, 'Elixir.Shop']}.", { syntax: "erlang" }); // => {:ok, ["tea", Shop]}
 */
export function parse(source: string, options: ParseOptions = {}): Term {
  const { syntax = "elixir", node, creation, variable } = options;
  const context = { node, creation, variable };
  const parser =
    syntax === "erlang" ? new ErlangParser(source, context) : new ElixirParser(source, context);
  return parser.whole();
}
