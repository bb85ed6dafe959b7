/** Reads what erpc and rex answer: a value, or what was raised. */

import { Atom, atom, type Term, Tuple } from "../term/index.ts";
import type { RemoteKind } from "./remote-error.ts";

/** A returned value, or what was raised. */
export type Outcome =
  | { readonly value: Term }
  | { readonly kind: RemoteKind; readonly reason: Term; readonly stack?: Term | undefined };

const RETURN = atom("return");
const THROW = atom("throw");
const EXIT = atom("exit");
const RAISED = atom("error");
const BADRPC = atom("badrpc");
const EXITED = atom("EXIT");

/**
 * The exit reason of `erpc:execute_call/4`: `{Res, return, Value}`, `{Res, throw, Term}`, `{Res, exit, Reason}`,
 * `{Res, error, Reason, Stack}` or `{Res, error, {erpc, Reason}}`. Any other says what signal ended the process.
 */
export function erpcOutcome(reason: Term, mark: number): Outcome {
  if (reason instanceof Tuple && reason.items[0] === mark) {
    const [, kind, value, stack] = reason.items;
    if (value !== undefined) {
      if (kind === RETURN) return { value };
      if (kind === THROW) return { kind: "throw", reason: value };
      if (kind === EXIT) return { kind: "exit", reason: value };
      if (kind === RAISED) return { kind: "error", reason: value, stack };
    }
  }
  return { kind: "exit", reason: new Tuple([atom("signal"), reason]) };
}

/** The answer of `rex`: the value itself, or `{badrpc, Why}`. A throw comes as a value, as with `rpc:call`. */
export function rexOutcome(result: Term): Outcome {
  if (!isPair(result, BADRPC)) return { value: result };
  const why = result.items[1] as Term;
  if (!isPair(why, EXITED)) return { kind: "error", reason: result };
  const reason = why.items[1] as Term;
  // An error is told from an exit only by the stack that comes with it.
  if (reason instanceof Tuple && reason.items.length === 2 && isStack(reason.items[1] as Term)) {
    return { kind: "error", reason: reason.items[0] as Term, stack: reason.items[1] as Term };
  }
  return { kind: "exit", reason };
}

function isPair(term: Term, tag: Atom): term is Tuple {
  return term instanceof Tuple && term.items.length === 2 && term.items[0] === tag;
}

function isStack(term: Term): boolean {
  if (!Array.isArray(term) || term.length === 0) return false;
  const first = (term as readonly Term[])[0];
  return first instanceof Tuple && first.items.length === 4 && first.items[0] instanceof Atom;
}
