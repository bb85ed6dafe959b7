/** One line about an exit reason that is safe to log: its shape and atoms, not the data in it. */

import { Atom, atom, inspect, Pid, type Term, TermMap, Tuple, textOf } from "../term/index.ts";

const DEPTH = 4;
const ITEMS = 6;

/**
 * The outline of a reason: `{:badmatch, {:error, :enoent}}` in full, while binaries, maps and long lists, which may be the
 * state of a process, are shown as `"..."`, `%{...}` and `[...]`. An Elixir exception shows its module and message.
 */
export function outline(term: Term): string {
  return of(term, DEPTH);
}

function of(term: Term, depth: number): string {
  if (term instanceof Atom || term instanceof Pid || typeof term === "number") return inspect(term);
  if (term instanceof Tuple) {
    if (depth === 0) return "{...}";
    const shown = term.items.slice(0, ITEMS).map((item: Term) => of(item, depth - 1));
    return `{${shown.join(", ")}${term.items.length > ITEMS ? ", ..." : ""}}`;
  }
  if (term instanceof TermMap) return exception(term) ?? "%{...}";
  if (Array.isArray(term)) return term.length === 0 ? "[]" : "[...]";
  return term instanceof Uint8Array ? '"..."' : "...";
}

function exception(map: TermMap): string | undefined {
  const module = map.get(atom("__struct__"));
  if (!(module instanceof Atom) || !map.has(atom("__exception__"))) return undefined;
  // The compiler's exceptions call it description.
  const message = textOf(map.get(atom("message")) ?? map.get(atom("description")) ?? []);
  return message === undefined || message === ""
    ? inspect(module)
    : `(${inspect(module)}) ${message.slice(0, 200)}`;
}
