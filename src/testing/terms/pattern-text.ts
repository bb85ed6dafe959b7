/** Patterns and the terms they meet as short text, for messages. */

import { Atom, atom, inspect, type Syntax, type Term } from "../../term/index.ts";
import type { PatternNode } from "./pattern-node.ts";

/** Items of a term that a message shows. */
const ITEMS = 30;
/** Characters of a term that a message shows. */
const CHARACTERS = 600;

/** A term in a message: cut, so that a huge one does not drown what matters. `elixir` by default. */
export function shown(value: unknown, syntax: Syntax = "elixir"): string {
  let found: string;
  try {
    found = inspect(value as Term, { syntax, limit: ITEMS });
  } catch {
    return `${notTerm(value)}, which is no Erlang term`;
  }
  return found.length > CHARACTERS ? `${found.slice(0, CHARACTERS)}...` : found;
}

function notTerm(value: unknown): string {
  if (typeof value === "string")
    return `the JavaScript string ${JSON.stringify(value.slice(0, 80))}`;
  return value === null || value === undefined ? String(value) : `a JavaScript ${typeof value}`;
}

/** A pattern in the syntax it was written in. */
export function patternText(node: PatternNode, syntax: Syntax): string {
  const below = (inner: PatternNode): string => patternText(inner, syntax);
  if (node.kind === "any") return "_";
  if (node.kind === "variable") return node.name;
  if (node.kind === "predicate") return `\${${node.test.name || "predicate"}}`;
  if (node.kind === "value") return shown(node.term, syntax);
  if (node.kind === "tuple") return `{${node.items.map(below).join(", ")}}`;
  if (node.kind === "list") {
    const tail = node.tail === undefined ? "" : ` | ${below(node.tail)}`;
    return `[${node.items.map(below).join(", ")}${tail}]`;
  }
  if (syntax === "erlang") {
    const pairs = node.pairs.map(([key, value]) => `${shown(key, syntax)} := ${below(value)}`);
    return `#{${pairs.join(", ")}}`;
  }
  const [name, pairs] = structOf(node.pairs);
  return `%${name}{${pairs.map(([key, value]) => keyText(key) + below(value)).join(", ")}}`;
}

type Pairs = readonly (readonly [Term, PatternNode])[];

/** The name of a struct, and the pairs without it. */
function structOf(pairs: Pairs): [string, Pairs] {
  const struct = pairs.find(([key]) => key === atom("__struct__"))?.[1];
  if (struct?.kind !== "value" || !(struct.term instanceof Atom)) return ["", pairs];
  return [shown(struct.term), pairs.filter(([key]) => key !== atom("__struct__"))];
}

/** The key of a pair as Elixir writes it, with what stands behind it. */
function keyText(key: Term): string {
  return isName(key) ? `${key.name}: ` : `${shown(key)} => `;
}

/** Whether a key can be written as `.key`. */
export function isName(key: Term): key is Atom {
  return key instanceof Atom && /^[a-z_]\w*[?!]?$/.test(key.name);
}
