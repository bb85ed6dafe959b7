/** Takes the answers of OTP functions apart, and says which one was odd when one is. */

import { Atom, Pid, type Term, TermMap, Tuple, textOf } from "../term/index.ts";
import { UnexpectedAnswerError } from "./errors.ts";
import type { Remote } from "./remote.ts";

/** A reader of one function's answer; each method throws UnexpectedAnswerError when the term is something else. */
export class Answer {
  readonly #node: string;
  readonly #what: string;

  /** `what` names the function, as `supervisor:which_children/1`. */
  constructor(remote: Remote, what: string) {
    this.#node = remote.name;
    this.#what = what;
  }

  /** The elements of a tuple, of this size if given. */
  tuple(term: Term | undefined, size?: number): readonly Term[] {
    if (term instanceof Tuple && (size === undefined || term.items.length === size)) {
      return term.items;
    }
    throw this.odd();
  }

  list(term: Term | undefined): readonly Term[] {
    if (Array.isArray(term)) return term as readonly Term[];
    throw this.odd();
  }

  map(term: Term | undefined): TermMap {
    if (term instanceof TermMap) return term;
    throw this.odd();
  }

  /** The name of an atom. */
  atom(term: Term | undefined): string {
    if (term instanceof Atom) return term.name;
    throw this.odd();
  }

  boolean(term: Term | undefined): boolean {
    const name = this.atom(term);
    if (name === "true" || name === "false") return name === "true";
    throw this.odd();
  }

  pid(term: Term | undefined): Pid {
    if (term instanceof Pid) return term;
    throw this.odd();
  }

  /** A pid, or `undefined` for any atom in its place (`undefined`, `restarting`). */
  maybePid(term: Term | undefined): Pid | undefined {
    return term instanceof Atom ? undefined : this.pid(term);
  }

  /** The text of a charlist or binary. */
  text(term: Term | undefined): string {
    const found = term === undefined ? undefined : textOf(term);
    if (found !== undefined) return found;
    throw this.odd();
  }

  /** An integer; beyond 2^53 it loses precision. */
  integer(term: Term | undefined): number {
    if (typeof term === "number") return term;
    if (typeof term === "bigint") return Number(term);
    throw this.odd();
  }

  odd(): UnexpectedAnswerError {
    return new UnexpectedAnswerError(this.#node, this.#what);
  }
}
