/** What a function on the node raised: its kind, the reason as a term, and the stack. */

import { BeamError } from "../errors.ts";
import { Atom, atom, inspect, type Term, Tuple, textOf } from "../term/index.ts";
import { outline } from "./outline.ts";

/** How Erlang code gives up. */
export type RemoteKind = "error" | "exit" | "throw";

/** One frame of an Erlang stack; the arguments are never kept. */
export interface StackFrame {
  readonly module: string;
  readonly function: string;
  readonly arity: number;
  readonly file?: string;
  readonly line?: number;
}

/** A call failed on the node: the code there raised an error, exited or threw. */
export class RemoteError extends BeamError {
  readonly code = "BEAM_REMOTE";
  readonly kind: RemoteKind;
  readonly #reason: Term;
  readonly #stacktrace: readonly StackFrame[];

  constructor(
    node: string,
    call: string,
    raised: { kind: RemoteKind; reason: Term; stack?: Term | undefined },
  ) {
    const stack = stackFrames(raised.stack ?? []);
    super(`${call} on ${node} raised ${raised.kind}: ${what(raised.reason, stack[0])}`, {
      node,
      remedy: remedyFor(raised.reason),
    });
    this.kind = raised.kind;
    this.#reason = raised.reason;
    this.#stacktrace = stack;
  }

  /** The reason in full; it may hold the state of a process, and so is not shown when the error is printed. */
  get reason(): Term {
    return this.#reason;
  }

  /** The frames, innermost first; empty unless the kind is `error`. */
  get stacktrace(): readonly StackFrame[] {
    return this.#stacktrace;
  }
}

function what(reason: Term, top: StackFrame | undefined): string {
  const shown = outline(reason);
  if (reason !== atom("undef") || top === undefined) return shown;
  return `${shown}, there is no ${inspect(atom(top.module))}.${top.function}/${top.arity}`;
}

function remedyFor(reason: Term): string | undefined {
  return reason === atom("undef")
    ? "Check the module, the function and the number of arguments, and that the module is on the node."
    : undefined;
}

/** The frames of an Erlang stacktrace; what is no frame is left out. */
export function stackFrames(stack: Term): StackFrame[] {
  if (!Array.isArray(stack)) return [];
  return stack.flatMap((entry: Term) => {
    if (!(entry instanceof Tuple) || entry.items.length !== 4) return [];
    const [module, fun, arity, location] = entry.items as [Term, Term, Term, Term];
    if (!(module instanceof Atom && fun instanceof Atom)) return [];
    const count = Array.isArray(arity) ? arity.length : arity;
    if (typeof count !== "number") return [];
    return [{ module: module.name, function: fun.name, arity: count, ...place(location) }];
  });
}

function place(location: Term): { file?: string; line?: number } {
  const found: { file?: string; line?: number } = {};
  if (!Array.isArray(location)) return found;
  for (const entry of location as readonly Term[]) {
    if (!(entry instanceof Tuple)) continue;
    const [key, value] = entry.items;
    if (key === atom("line") && typeof value === "number") found.line = value;
    const file = key === atom("file") && value !== undefined ? textOf(value) : undefined;
    if (file !== undefined) found.file = file;
  }
  return found;
}
