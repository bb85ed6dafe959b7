/** Terms as text in Elixir or Erlang syntax, as IEx and the Erlang shell print them. */

import { elixirDoc } from "./inspect-elixir.ts";
import { erlangDoc } from "./inspect-erlang.ts";
import { layout } from "./layout.ts";
import type { Term } from "./term.ts";

/** The two languages that terms are printed and read in. */
export type Syntax = "elixir" | "erlang";

/** How {@link inspect} prints. */
export interface InspectOptions {
  /** Default `"elixir"`. */
  syntax?: Syntax | undefined;
  /**
   * Most items of a list, map, tuple or binary that are shown; `...` stands for the rest. As in IEx, what is nested
   * gets fewer. Where a limit is set, text is cut at 4096 characters. Default: all.
   */
  limit?: number | undefined;
  /** Most characters in a line, where the term can be broken. Default: all on one line. */
  width?: number | undefined;
  /** The node that is looked at: pids, references and ports of any other node show theirs. Default: none do. */
  node?: string | undefined;
}

/**
 * The text of a term, as `inspect/2` of Elixir 1.18 and `io_lib:format("~tp")` of OTP 27 print it. Unlike there, binaries that
 * are UTF-8 text show as text in Erlang syntax whatever the terminal, invisible and control characters are always
 * escaped, every map with the key `__struct__` shows as a struct, and what is nested deeper than 512 levels is `...`.
 * {@link parse} reads the text back, unless it has been cut or holds a closure. Safe on a busy node: nothing is sent.
 * @example
 * import { binary, inspect, TermMap, tuple } from "beamctl/term";
 *
 * const order = tuple(1, new TermMap([[binary("item"), binary("tea")]]));
 * inspect(order); // => '{1, %{"item" => "tea"}}'
 * inspect(order, { syntax: "erlang" }); // => '{1,#{<<"item">> => <<"tea">>}}'
 */
export function inspect(term: Term, options: InspectOptions = {}): string {
  const { syntax = "elixir", limit = Infinity, width = Infinity, node } = options;
  const context = { node, cutText: limit !== Infinity };
  const doc =
    syntax === "erlang" ? erlangDoc(term, limit, 0, context) : elixirDoc(term, limit, 0, context);
  return layout(doc, width);
}
