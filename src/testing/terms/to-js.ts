/** Terms as plain JavaScript values: for `toEqual` and the like. */

import {
  Atom,
  type Bitstring,
  type ExternalFun,
  Float,
  type Fun,
  type ImproperList,
  type Pid,
  type Port,
  type Reference,
  type Term,
  TermMap,
  Tuple,
  textOf,
} from "../../term/index.ts";

/** What {@link toJs} gives. */
export type JsResult =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Uint8Array
  | Pid
  | Reference
  | Port
  | Bitstring
  | ImproperList
  | ExternalFun
  | Fun
  | JsResult[]
  | Map<JsResult, JsResult>
  | { [key: string]: JsResult };

/**
 * The plain value of a term, throughout. `true`, `false`, `nil` and `undefined` become JavaScript's own (`nil` is `null`), any other atom its name;
 * floats become numbers, binaries of UTF-8 strings (others stay `Uint8Array`), lists and tuples arrays, maps whose keys are atoms or strings plain objects,
 * other maps `Map`. Pids and what else has no counterpart stay terms. So `:ok` and `"ok"`, `1` and `1.0`, a list and a tuple become the same: where that matters, compare
 * the terms. A charlist stays a list of numbers.
 * @example
 * import { parse } from "beamctl/term";
 * import { toJs } from "beamctl/testing";
 *
 * toJs(parse('{:ok, %{name: "tea", price: 2.5, sold: nil}}')); // => [ 'ok', { name: 'tea', price: 2.5, sold: null } ]
 */
export function toJs(term: Term): JsResult {
  if (term instanceof Atom) return atomOf(term);
  if (term instanceof Float) return term.value;
  if (term instanceof Uint8Array) return textOf(term) ?? term;
  if (term instanceof Tuple) return term.items.map(toJs);
  if (term instanceof TermMap) return mapOf(term);
  if (Array.isArray(term)) return (term as readonly Term[]).map(toJs);
  return term as Exclude<typeof term, readonly Term[]>;
}

function atomOf({ name }: Atom): JsResult {
  switch (name) {
    case "true":
      return true;
    case "false":
      return false;
    case "nil":
      return null;
    case "undefined":
      return undefined;
    default:
      return name;
  }
}

function mapOf(map: TermMap): JsResult {
  const names = map.keys().map((key) => (key instanceof Atom ? key.name : textKey(key)));
  const fits = names.every((name) => name !== undefined) && new Set(names).size === names.length;
  const values = map.values().map(toJs);
  // fromEntries defines its properties, so that a key "__proto__" is one.
  return fits
    ? Object.fromEntries(names.map((name, at) => [name, values[at]]))
    : new Map(map.keys().map((key, at) => [toJs(key), values[at]]));
}

function textKey(key: Term): string | undefined {
  return key instanceof Uint8Array ? textOf(key) : undefined;
}
