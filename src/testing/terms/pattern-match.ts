/** Whether a term matches a pattern, and if not, where and why. */

import {
  equals,
  ImproperList,
  listWithTail,
  type Syntax,
  type Term,
  TermMap,
  Tuple,
} from "../../term/index.ts";
import type { PatternNode } from "./pattern-node.ts";
import { isName, patternText, shown } from "./pattern-text.ts";

/** The first place where a term does not match. */
export interface Mismatch {
  /** The way to the place: `elem(1).items[0]`, with `elem(0)` for the first of a tuple; empty for the whole term. */
  readonly path: string;
  /** What the pattern asks for there. */
  readonly expected: string;
  /** What stands there, cut to a few hundred characters. */
  readonly got: string;
}

/** Matches one value; what variables bind is written to `bound`. */
export class Matcher {
  readonly bound: Map<string, { readonly value: Term; readonly path: string }> = new Map();
  readonly #syntax: Syntax;

  constructor(syntax: Syntax) {
    this.#syntax = syntax;
  }

  /** The first mismatch, or `undefined`. */
  match(node: PatternNode, value: Term, path: string): Mismatch | undefined {
    switch (node.kind) {
      case "any":
        return undefined;
      case "variable":
        return this.#variable(node.name, value, path);
      case "predicate":
        return node.test(value) ? undefined : this.#failed(node, value, path);
      case "value":
        return same(node.term, value) ? undefined : this.#value(node.term, value, path);
      case "tuple":
        return this.#tuple(node, value, path);
      case "list":
        return this.#list(node, value, path);
      case "map":
        return this.#map(node, value, path);
    }
  }

  #variable(name: string, value: Term, path: string): Mismatch | undefined {
    const known = this.bound.get(name);
    if (known === undefined) {
      this.bound.set(name, { value, path });
      return undefined;
    }
    if (equals(known.value, value)) return undefined;
    const expected = `${shown(known.value, this.#syntax)}, as ${name} is at ${known.path || "the top"}`;
    return { path, expected, got: shown(value, this.#syntax) };
  }

  #tuple(node: PatternNode & { kind: "tuple" }, value: Term, path: string): Mismatch | undefined {
    if (!(value instanceof Tuple)) return this.#failed(node, value, path);
    const { length } = node.items;
    if (value.items.length !== length)
      return this.#sized(node, `a tuple of ${length}`, value, path);
    for (const [index, item] of node.items.entries()) {
      const found = this.match(item, value.items[index] as Term, join(path, `elem(${index})`));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #list(node: PatternNode & { kind: "list" }, value: Term, path: string): Mismatch | undefined {
    const improper = value instanceof ImproperList;
    if (!improper && !Array.isArray(value)) return this.#failed(node, value, path);
    const items = improper ? value.items : (value as readonly Term[]);
    const { length } = node.items;
    const short = items.length < length;
    if (short || (node.tail === undefined && (improper || items.length > length))) {
      const wanted = `a list of ${node.tail === undefined ? "" : "at least "}${length}`;
      return this.#sized(node, wanted, value, path);
    }
    for (const [index, item] of node.items.entries()) {
      const found = this.match(item, items[index] as Term, `${path}[${index}]`);
      if (found !== undefined) return found;
    }
    if (node.tail === undefined) return undefined;
    const rest = listWithTail(items.slice(length), improper ? value.tail : []);
    return this.match(node.tail, rest, `${path}[${length}..]`);
  }

  #map(node: PatternNode & { kind: "map" }, value: Term, path: string): Mismatch | undefined {
    if (!(value instanceof TermMap)) return this.#failed(node, value, path);
    for (const [key, item] of node.pairs) {
      const found = value.get(key);
      const place = isName(key) ? join(path, key.name) : `${path}[${shown(key, this.#syntax)}]`;
      if (found === undefined) {
        const keys = shown(value.keys(), this.#syntax);
        const expected = `${patternText(item, this.#syntax)} under this key`;
        return { path: place, expected, got: `a map with the keys ${keys}` };
      }
      const mismatch = this.match(item, found, place);
      if (mismatch !== undefined) return mismatch;
    }
    return undefined;
  }

  /** The way down to where two different values differ. */
  #value(term: Term, value: Term, path: string): Mismatch {
    const parts = partsOf(term);
    if (parts === undefined) return this.#failed({ kind: "value", term }, value, path);
    return this.match(parts, value, path) ?? this.#failed({ kind: "value", term }, value, path);
  }

  #sized(node: PatternNode, wanted: string, value: Term, path: string): Mismatch {
    const count =
      value instanceof Tuple || value instanceof ImproperList
        ? value.items.length
        : (value as readonly Term[]).length;
    const expected = `${wanted}, ${patternText(node, this.#syntax)}`;
    return { path, expected, got: `${count}, ${shown(value, this.#syntax)}` };
  }

  #failed(node: PatternNode, value: Term, path: string): Mismatch {
    const text = patternText(node, this.#syntax);
    const expected = node.kind === "predicate" ? `a value that ${text} accepts` : text;
    return { path, expected, got: shown(value, this.#syntax) };
  }
}

/** A value as a pattern of its parts; `undefined` for one that is compared as a whole. */
function partsOf(term: Term): PatternNode | undefined {
  const value = (inner: Term): PatternNode => ({ kind: "value", term: inner });
  if (term instanceof Tuple) return { kind: "tuple", items: term.items.map(value) };
  if (Array.isArray(term) && !isText(term)) {
    return { kind: "list", items: (term as readonly Term[]).map(value), tail: undefined };
  }
  if (term instanceof TermMap) {
    return { kind: "map", pairs: [...term].map(([key, inner]) => [key, value(inner)]) };
  }
  return undefined;
}

/** A charlist is shown as text, so it is compared as one. */
function isText(list: readonly Term[]): boolean {
  return list.length > 0 && list.every((item) => typeof item === "number" && item >= 32);
}

function same(term: Term, value: Term): boolean {
  try {
    return equals(term, value);
  } catch {
    return false; // no Erlang term
  }
}

function join(path: string, step: string): string {
  return path === "" ? step : `${path}.${step}`;
}
