/** Plain JavaScript values as terms: for bindings and arguments of tests. */

import { UsageError } from "../../errors.ts";
import {
  Atom,
  atom,
  Bitstring,
  binary,
  bool,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  NIL,
  Pid,
  Port,
  Reference,
  type Term,
  TermMap,
  Tuple,
} from "../../term/index.ts";

/** What {@link toTerm} takes. Of plain objects a `type` fits, an `interface` does not: TypeScript sees no index signature in it. */
export type JsValue =
  | Term
  | string
  | boolean
  | null
  | readonly JsValue[]
  | ReadonlyMap<JsValue, JsValue>
  | { readonly [key: string]: JsValue };

/** How values are turned into terms. */
export interface ToTermOptions {
  /**
   * What the keys of plain objects become. Default `"binaries"`, as in the params of Phoenix and in decoded JSON: `%{"name" => ...}`. `"atoms"` gives
   * `%{name: ...}`; the node keeps every atom for ever.
   */
  readonly keys?: "binaries" | "atoms" | undefined;
}

const TERMS = [
  ...[Atom, Bitstring, ExternalFun, Float, Fun, ImproperList, Pid, Port],
  ...[Reference, TermMap, Tuple, Uint8Array],
] as const;

/**
 * The term of a plain value, throughout: a string becomes a binary, a whole number an integer, any other a float, `true`, `false` and `null` the atoms
 * `true`, `false` and `nil`, an array a list, a `Map` and a plain object a map. What is a term already stays as it is, so `atom("ok")`,
 * `tuple(...)`, `new Float(1)` may stand anywhere; what stands inside of a tuple or a term's map must be terms.
 * @throws UsageError for everything else, with the place where it stands: `undefined`, functions, symbols, `NaN`, a number that is no exact integer any more, `Date`, `Set`,
 * instances of classes, and values that hold themselves
 * @example
 * import { toTerm } from "beamctl/testing";
 *
 * toTerm({ name: "tea", price: 2.5, sold: null }); // => %{"name" => "tea", "price" => 2.5, "sold" => nil}
 */
export function toTerm(value: JsValue, { keys = "binaries" }: ToTermOptions = {}): Term {
  return convert(value, keys === "atoms" ? atom : binary, "", new Set());
}

type Key = (name: string) => Term;

function convert(value: unknown, key: Key, path: string, around: Set<object>): Term {
  switch (typeof value) {
    case "string":
      return binary(value);
    case "boolean":
      return bool(value);
    case "bigint":
      return value;
    case "number":
      return numberOf(value, path);
    case "object":
      return value === null ? NIL : within(value, key, path, around);
    default:
      throw unfit(path, value === undefined ? "undefined" : `a ${typeof value}`);
  }
}

function numberOf(value: number, path: string): Term {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? new Float(-0) : value;
  if (!Number.isFinite(value)) throw unfit(path, String(value));
  if (Number.isInteger(value)) {
    throw unfit(path, `the inexact integer ${value}`, "Write it as a bigint, or as new Float(n).");
  }
  return new Float(value);
}

function within(value: object, key: Key, path: string, around: Set<object>): Term {
  if (TERMS.some((kind) => value instanceof kind)) return value as Term;
  if (around.has(value)) throw unfit(path, "a value that holds itself");
  around.add(value);
  try {
    return collection(value, key, path, around);
  } finally {
    around.delete(value);
  }
}

function collection(value: object, key: Key, path: string, around: Set<object>): Term {
  const inner = (item: unknown, at: string) => convert(item, key, `${path}${at}`, around);
  // Not map, which would leave holes as they are.
  if (Array.isArray(value)) return Array.from(value, (item, at) => inner(item, `[${at}]`));
  if (value instanceof Map) {
    const pairs = [...value].map(
      ([name, item]) => [inner(name, "(key)"), inner(item, "(value)")] as const,
    );
    return new TermMap(pairs);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // A plain object of another realm, as jest gives one to each test file, has another Object.prototype, above which there is nothing either.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!isPlain) {
    const name = value.constructor?.name ?? "object";
    const remedy = name === "Date" ? "Use its toISOString()." : undefined;
    throw unfit(path, `a ${name}`, remedy);
  }
  return new TermMap(
    Object.entries(value).map(([name, item]) => [key(name), inner(item, `.${name}`)]),
  );
}

function unfit(path: string, what: string, remedy?: string): UsageError {
  const where = path === "" ? "" : ` at ${path.replace(/^\./, "")}`;
  return new UsageError(`${what}${where} has no term`, {
    remedy: remedy ?? "Use strings, numbers, booleans, null, arrays, plain objects, Maps or terms.",
  });
}
