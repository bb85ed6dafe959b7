/** Evaluates what a user wrote on the node, in Elixir or Erlang. */

import { Atom, atom, binary, type Term, tuple } from "../term/index.ts";
import { Answer } from "./answer.ts";
import { SourceError } from "./errors.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { parseOn } from "./script.ts";

/** Options of {@link evaluate}. */
export interface EvaluateOptions extends CallOptions {
  /** Default: Elixir where the node has it loaded, else Erlang. */
  readonly language?: "elixir" | "erlang";
  /** Values of variables, by the names that the text has for them. */
  readonly bindings?: Readonly<Record<string, Term>>;
}

/**
 * Evaluates expressions on the node and resolves to the last one's value: `Code:eval_string/2`, or `erl_eval`. It does whatever the
 * text says. Atoms in the text are made on the node and never freed.
 * @throws SourceError when Erlang text cannot be read; RemoteError when it raised, or when Elixir cannot compile it
 * @example
 * import { evaluate } from "beamctl";
 * import { binary } from "beamctl/term";
 *
 * await evaluate(node, "Shop.price(item) * 2", { bindings: { item: binary("tea") } });
 * await evaluate(node, "erlang:memory(total).", { language: "erlang" });
 */
export async function evaluate(
  remote: Remote,
  source: string,
  options: EvaluateOptions = {},
): Promise<Term> {
  const { language, bindings = {}, ...limits } = options;
  const bound = orddict(bindings);
  if ((language ?? ((await hasElixir(remote)) ? "elixir" : "erlang")) === "elixir") {
    const given = [binary(source), bound];
    const result = await remote.call("Elixir.Code", "eval_string", given, limits);
    return new Answer(remote, "Code.eval_string/2").tuple(result, 2)[0] as Term;
  }
  const forms = await readErlang(remote, source, limits);
  const block = tuple(atom("block"), 1, forms);
  const none = atom("none");
  return remote.call("erl_eval", "expr", [block, bound, none, none, atom("value")], limits);
}

/** Values of variables as `erl_eval` and `Code` take them: an orddict, sorted by name. */
export function orddict(bindings: Readonly<Record<string, Term>>): Term[] {
  const names = Object.entries(bindings).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return names.map(([name, value]) => tuple(atom(name), value));
}

/**
 * The abstract forms of Erlang expressions, with a full stop or without: which it is, only the node's own scanner can tell.
 * @throws SourceError
 */
export async function readErlang(
  remote: Remote,
  source: string,
  limits: CallOptions,
): Promise<Term> {
  const closed = `${source}\n.`;
  const [first, second] = /\.\s*$/.test(source) ? [source, closed] : [closed, source];
  const parse = (text: string) => parseOn(remote, "the expression", text, limits);
  try {
    return await parse(first);
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return parse(second).catch(() => {
      throw error;
    });
  }
}

/** Whether the node has Elixir loaded. */
export async function hasElixir(remote: Remote): Promise<boolean> {
  const result = await remote.call("code", "is_loaded", [atom("elixir")]);
  return !(result instanceof Atom) || result.name !== "false";
}
