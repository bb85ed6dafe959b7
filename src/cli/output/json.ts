/** Terms as JSON: one tag character marks what JSON lacks, so nothing is confused. */

import {
  Atom,
  Bitstring,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  inspect,
  Pid,
  Port,
  Reference,
  type Term,
  TermMap,
  Tuple,
  textOf,
} from "../../term/index.ts";

/** A value of JSON. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [key: string]: Json };

/**
 * A term as JSON. `true`, `false` and `nil` become JSON's own; other atoms `{"%a": name}`, tuples `{"%t": [...]}`, pids
 * `{"%pid": "<0.1.2>", node, creation}`, binaries of UTF-8 strings and others `{"%b": base64}`, big integers `{"%i": digits}`,
 * floats without a fraction `{"%f": 1}`, maps whose keys are all atoms or strings objects, and other maps `{"%m": [[k, v]]}`.
 */
export function termToJson(term: Term): Json {
  if (typeof term === "number") return term;
  if (typeof term === "bigint") return { "%i": String(term) };
  if (term instanceof Atom) {
    if (term.name === "true" || term.name === "false") return term.name === "true";
    return term.name === "nil" ? null : { "%a": term.name };
  }
  if (term instanceof Uint8Array) {
    return textOf(term) ?? { "%b": Buffer.from(term).toString("base64") };
  }
  if (Array.isArray(term)) return (term as readonly Term[]).map(termToJson);
  if (term instanceof Tuple) return { "%t": term.items.map(termToJson) };
  if (term instanceof TermMap) return mapToJson(term);
  if (term instanceof Float) {
    return Number.isInteger(term.value) ? { "%f": term.value } : term.value;
  }
  if (term instanceof Pid) {
    return { "%pid": String(term), node: term.node.name, creation: term.creation };
  }
  if (term instanceof ImproperList) {
    return { "%l": term.items.map(termToJson), tail: termToJson(term.tail) };
  }
  if (term instanceof Bitstring) {
    return { "%b": Buffer.from(term.bytes).toString("base64"), bits: term.bits };
  }
  if (term instanceof Reference) {
    return { "%ref": term.ids, node: term.node.name, creation: term.creation };
  }
  if (term instanceof Port) {
    return { "%port": String(term.id), node: term.node.name, creation: term.creation };
  }
  if (term instanceof ExternalFun || term instanceof Fun) {
    return { "%fun": inspect(term, { syntax: "erlang" }) };
  }
  throw new TypeError("not an Erlang term");
}

function mapToJson(map: TermMap): Json {
  const pairs = [...map];
  const names = pairs.map(([key]) => nameOf(key));
  const plain = names.every((name) => name !== undefined && !name.startsWith("%"));
  if (!plain || new Set(names).size !== names.length) {
    return { "%m": pairs.map(([key, value]) => [termToJson(key), termToJson(value)]) };
  }
  return Object.fromEntries(pairs.map(([, value], at) => [names[at], termToJson(value)]));
}

function nameOf(key: Term): string | undefined {
  if (key instanceof Atom) return key.name;
  return key instanceof Uint8Array ? textOf(key) : undefined;
}
