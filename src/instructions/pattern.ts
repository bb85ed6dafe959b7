/** Patterns over terms whose bindings have types: the left side of edeliver's `assume`. */

import { equals, type Term, Tuple } from "../term/index.ts";

/**
 * Matches a term and gives what its variables stand for. Made by {@link bind}, {@link matchTuple}, {@link matchList}, {@link anything}.
 * @example
 * import { matchList, Pattern } from "beamctl/instructions";
 *
 * const even = new Pattern((term) => (typeof term === "number" && term % 2 === 0 ? {} : undefined));
 * matchList(even, 1).match([2, 1]); // => {}
 */
export class Pattern<Bindings extends object> {
  /** The bindings, or `undefined` where the term does not match. */
  readonly match: (term: Term) => Bindings | undefined;

  constructor(match: (term: Term) => Bindings | undefined) {
    this.match = match;
  }
}

/** A part of a pattern: another one, or a term that must be equal. */
export type Part = Pattern<object> | Term;

/** What a part binds. */
export type BindingsOf<P> = P extends Pattern<infer B> ? B : object;

/** What several parts bind together. */
export type Bound<Parts extends readonly Part[]> = Parts extends readonly [
  infer First,
  ...infer Rest extends readonly Part[],
]
  ? BindingsOf<First> & Bound<Rest>
  : object;

/** Matches any term and binds nothing: `_`. */
export const anything: Pattern<object> = new Pattern(() => ({}));

/**
 * Matches any term, or those that `is` accepts, and binds it to the name.
 * @example
 * import { bind } from "beamctl/instructions";
 * import type { Term } from "beamctl/term";
 *
 * const isNumber = (term: Term) => typeof term === "number";
 * bind("count", isNumber).match(12); // => { count: 12 }
 */
export function bind<const Name extends string, T extends Term = Term>(
  name: Name,
  is?: (term: Term) => term is T,
): Pattern<{ readonly [N in Name]: T }> {
  return new Pattern((term) =>
    is === undefined || is(term) ? ({ [name]: term } as { readonly [N in Name]: T }) : undefined,
  );
}

/**
 * Matches a tuple of this size whose elements match. A name that is bound twice must stand for equal terms.
 * @example
 * import { bind, matchTuple } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * matchTuple(atom("ok"), bind("count")).match(tuple(atom("ok"), 12)); // => { count: 12 }
 */
export function matchTuple<const Parts extends readonly Part[]>(
  ...parts: Parts
): Pattern<Bound<Parts>> {
  return new Pattern((term) => (term instanceof Tuple ? matchAll(parts, term.items) : undefined));
}

/**
 * Matches a proper list of this length whose elements match.
 * @example
 * import { anything, bind, matchList } from "beamctl/instructions";
 *
 * matchList(bind("first"), anything).match([1, 2]); // => { first: 1 }
 */
export function matchList<const Parts extends readonly Part[]>(
  ...parts: Parts
): Pattern<Bound<Parts>> {
  return new Pattern((term) =>
    Array.isArray(term) ? matchAll(parts, term as readonly Term[]) : undefined,
  );
}

/** The bindings of a part that is matched with a term. */
export function matchPart<P extends Part>(part: P, term: Term): BindingsOf<P> | undefined {
  if (part instanceof Pattern) return part.match(term) as BindingsOf<P> | undefined;
  return equals(part, term) ? ({} as BindingsOf<P>) : undefined;
}

function matchAll<Parts extends readonly Part[]>(
  parts: Parts,
  terms: readonly Term[],
): Bound<Parts> | undefined {
  if (parts.length !== terms.length) return undefined;
  const bound: Record<string, Term> = {};
  for (const [index, part] of parts.entries()) {
    const found = matchPart(part, terms[index] as Term) as Record<string, Term> | undefined;
    if (found === undefined) return undefined;
    for (const [name, value] of Object.entries(found)) {
      if (Object.hasOwn(bound, name) && !equals(bound[name] as Term, value)) return undefined;
      bound[name] = value;
    }
  }
  return bound as Bound<Parts>;
}
