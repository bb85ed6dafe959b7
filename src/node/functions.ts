/** What others may call here: nothing but the functions that the user has allowed, each by its module, name and arity. */

import { UsageError } from "../errors.ts";
import { type Atom, atom, binary, type Pid, type Term } from "../term/index.ts";

/** What a function knows of its call. */
export interface CallContext {
  /** The process that asked; of a call by way of `rex` the one that is answered. */
  readonly caller: Pid;
  /** The name of the node that asked. */
  readonly node: string;
  /** Aborts when the caller's node is gone, or when the caller kills the call. */
  readonly signal: AbortSignal;
}

/** A function of ours for others. What it throws reaches the caller: a {@link Raise} as it is, else the error's name and message. */
export type ServedFunction = (args: readonly Term[], context: CallContext) => Term | Promise<Term>;

/** To be thrown by what serves others: raises there as in Erlang. */
export class Raise extends Error {
  readonly kind: "error" | "exit" | "throw";
  readonly reason: Term;

  constructor(kind: "error" | "exit" | "throw", reason: Term) {
    super(`raised ${kind} for the caller`);
    this.name = "Raise";
    this.kind = kind;
    this.reason = reason;
  }
}

/** The table of what is allowed. */
export class Functions {
  readonly #allowed = new Map<string, ServedFunction>();
  /** What serves all that is not allowed one by one. Default nothing. */
  otherwise: ((module: string, fun: string) => ServedFunction) | undefined;

  /** Whether nothing at all is allowed. */
  get none(): boolean {
    return this.#allowed.size === 0 && this.otherwise === undefined;
  }

  /** @throws UsageError when that function is allowed already */
  allow(module: string, fun: string, arity: number, served: ServedFunction): Disposable {
    if (!Number.isInteger(arity) || arity < 0 || arity > 255) {
      throw new UsageError(`${arity} is no arity`);
    }
    const key = keyOf(atom(module), atom(fun), arity);
    if (this.#allowed.has(key))
      throw new UsageError(`${module}:${fun}/${arity} is allowed already`);
    this.#allowed.set(key, served);
    return { [Symbol.dispose]: () => void this.#allowed.delete(key) };
  }

  find(module: Atom, fun: Atom, arity: number): ServedFunction | undefined {
    return this.#allowed.get(keyOf(module, fun, arity)) ?? this.otherwise?.(module.name, fun.name);
  }
}

/** How a served function ended. */
export type Served =
  | { readonly kind: "return"; readonly value: Term }
  | { readonly kind: "error" | "exit" | "throw"; readonly reason: Term };

/** Runs it; never rejects. */
export async function runServed(
  served: ServedFunction,
  args: readonly Term[],
  context: CallContext,
): Promise<Served> {
  try {
    return { kind: "return", value: await served(args, context) };
  } catch (error) {
    if (error instanceof Raise) return { kind: error.kind, reason: error.reason };
    return { kind: "error", reason: [textOfThrown(error)] };
  }
}

/** What somebody there hears of what a function of the user's threw. Never throws, whatever that was. */
export function textOfThrown(thrown: unknown): Uint8Array {
  let text = "a value that cannot be shown";
  try {
    text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  } catch {
    // It has a toString of its own.
  }
  return binary(text);
}

function keyOf(module: Atom, fun: Atom, arity: number): string {
  return `${module} ${fun} ${arity}`;
}
