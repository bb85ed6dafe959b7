/** What a pattern is made of, and how it is read from text with holes. */

import { UsageError } from "../../errors.ts";
import {
  type Atom,
  atom,
  ImproperList,
  listWithTail,
  parse,
  Reference,
  type Syntax,
  type Term,
  TermMap,
  Tuple,
} from "../../term/index.ts";

/** One place of a pattern. Maps match those that hold at least its pairs. */
export type PatternNode =
  | { readonly kind: "any" }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "predicate"; readonly test: (value: Term) => boolean }
  | { readonly kind: "value"; readonly term: Term }
  | { readonly kind: "tuple"; readonly items: readonly PatternNode[] }
  | {
      readonly kind: "list";
      readonly items: readonly PatternNode[];
      readonly tail: PatternNode | undefined;
    }
  | { readonly kind: "map"; readonly pairs: readonly (readonly [Term, PatternNode])[] };

/**
 * Reads a pattern; `holes` are what `${0}`, `${1}` and so on of the text stand for.
 * @throws TermSyntaxError UsageError
 */
export function readPattern(
  source: string,
  syntax: Syntax,
  holes: readonly PatternNode[],
): PatternNode {
  const standIns: PatternNode[] = [];
  const used = new Set<string>();
  // A text cannot write a reference, so every one in what was read is a stand-in, numbered.
  const variable = (name: string): Reference => {
    used.add(name);
    standIns.push(name.startsWith("$") ? holeOf(holes, name) : variableOf(name));
    return new Reference(STAND_IN, 1, [standIns.length - 1]);
  };
  const found = parse(source, { syntax, variable });
  const missed = holes.findIndex((_, index) => !used.has(`\${${index}}`));
  if (missed >= 0) {
    throw new UsageError(`the hole \${${missed}} of the pattern ${source} stands inside a text`, {
      remedy: 'Make the whole text a term, binary("..."), and put that into the hole.',
    });
  }
  return nodeFrom(found, standIns);
}

const STAND_IN: Atom = atom("beamctl_stand_in");

function holeOf(holes: readonly PatternNode[], name: string): PatternNode {
  const hole = holes[Number(name.slice(2, -1))];
  if (hole !== undefined) return hole;
  throw new UsageError(`the pattern has no hole ${name}`);
}

function variableOf(name: string): PatternNode {
  return name === "_" ? { kind: "any" } : { kind: "variable", name };
}

function nodeFrom(term: Term, standIns: readonly PatternNode[]): PatternNode {
  if (term instanceof Reference) return standIns[term.ids[0] as number] as PatternNode;
  const below = (item: Term): PatternNode => nodeFrom(item, standIns);
  if (term instanceof TermMap) {
    const pairs = [...term].map(([key, value]) => [keyFrom(below(key)), below(value)] as const);
    return { kind: "map", pairs };
  }
  if (term instanceof Tuple) return folded({ kind: "tuple", items: term.items.map(below) });
  if (term instanceof ImproperList) {
    return folded({ kind: "list", items: term.items.map(below), tail: below(term.tail) });
  }
  if (Array.isArray(term)) {
    return folded({ kind: "list", items: term.map(below), tail: undefined });
  }
  return { kind: "value", term };
}

/** A tuple or list of nothing but values is a value. */
function folded(node: PatternNode & { kind: "tuple" | "list" }): PatternNode {
  const items = node.items.flatMap((item) => (item.kind === "value" ? [item.term] : []));
  if (items.length < node.items.length) return node;
  if (node.kind === "tuple") return { kind: "value", term: new Tuple(items) };
  if (node.tail === undefined) return { kind: "value", term: items };
  if (node.tail.kind !== "value") return node;
  return { kind: "value", term: listWithTail(items, node.tail.term) };
}

function keyFrom(node: PatternNode): Term {
  const key = termOf(node);
  if (key !== undefined) return key;
  throw new UsageError("the key of a map in a pattern must be a value", {
    remedy: "Write the key itself, or put it into a hole as a term.",
  });
}

/** The term that a pattern without variables, `_` and predicates is. */
export function termOf(node: PatternNode): Term | undefined {
  if (node.kind === "value") return node.term;
  if (node.kind === "map") {
    const pairs = node.pairs.map(([key, value]) => [key, termOf(value)] as const);
    return pairs.some(([, value]) => value === undefined)
      ? undefined
      : new TermMap(pairs as [Term, Term][]);
  }
  if (node.kind !== "tuple" && node.kind !== "list") return undefined;
  const items = node.items.map(termOf);
  const tail = node.kind === "list" && node.tail !== undefined ? termOf(node.tail) : [];
  if (tail === undefined || items.includes(undefined)) return undefined;
  return node.kind === "tuple" ? new Tuple(items as Term[]) : listWithTail(items as Term[], tail);
}
