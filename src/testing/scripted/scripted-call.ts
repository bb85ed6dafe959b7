/** What a scripted node is expected to be asked, and what it answers. */

import { setTimeout as pause } from "node:timers/promises";
import { UsageError } from "../../errors.ts";
import { type CallContext, Raise, type RemoteKind } from "../../node/index.ts";
import { atom, equals, inspect, type Term } from "../../term/index.ts";
import { TermPattern } from "../terms/term-pattern.ts";

/** What an argument must be: a term, a pattern made by `term`, or a function that says whether it fits. */
export type ArgumentPattern = Term | TermPattern | ((argument: Term) => boolean);

/** A call that came. */
export interface ScriptedCall {
  /** Its atom's name, as `Elixir.Shop`. */
  readonly module: string;
  readonly function: string;
  readonly args: readonly Term[];
  /** Whether it was expected; else it was refused. */
  readonly expected: boolean;
}

/** What a call is answered with: a term, or a function that makes one of the arguments. */
export type Reply = Term | ((...args: Term[]) => Term | Promise<Term>);

/**
 * One expected call, made by `ScriptedNode.on`. Answers `:ok`, any number of times but at least once, until it is told otherwise.
 * @example
 * import { atom } from "beamctl/term";
 * import { scriptedNode } from "beamctl/testing";
 *
 * await using shop = await scriptedNode();
 * shop.on("Shop", "sell").raises("error", atom("sold_out")).delay(50).times(2);
 */
export class Expectation {
  readonly #module: string;
  readonly #function: string;
  readonly #args: readonly ArgumentPattern[] | undefined;
  #reply: Reply = atom("ok");
  #raise: Raise | undefined;
  #delay = 0;
  #times: number | undefined;
  #came = 0;

  /** @internal Use `ScriptedNode.on`. */
  constructor(module: string, fun: string, args: readonly ArgumentPattern[] | undefined) {
    this.#module = module;
    this.#function = fun;
    this.#args = args;
  }

  /** What it returns; a function is called with the arguments, and may throw a `Raise`. */
  reply(value: Reply): this {
    this.#reply = value;
    this.#raise = undefined;
    return this;
  }

  /** What it raises, as Erlang's `error`, `exit` or `throw`. */
  raises(kind: RemoteKind, reason: Term): this {
    this.#raise = new Raise(kind, reason);
    return this;
  }

  /** Milliseconds until it answers, each time. */
  delay(ms: number): this {
    this.#delay = ms;
    return this;
  }

  /** Exactly once: a second call is that of the next expectation, or refused. */
  once(): this {
    return this.times(1);
  }

  /** Exactly so many times; `0` means never. @throws UsageError */
  times(count: number): this {
    if (!Number.isInteger(count) || count < 0) {
      throw new UsageError(`${count} is no number of times`);
    }
    this.#times = count;
    return this;
  }

  /** How many calls it has answered. */
  get came(): number {
    return this.#came;
  }

  /** @internal Whether it takes this call. */
  takes(module: string, fun: string, args: readonly Term[]): boolean {
    if (module !== this.#module || fun !== this.#function) return false;
    if (this.#times !== undefined && this.#came >= this.#times) return false;
    const patterns = this.#args;
    if (patterns === undefined) return true;
    return (
      patterns.length === args.length &&
      patterns.every((pattern, at) => fits(pattern, args[at] as Term))
    );
  }

  /** @internal Answers it. */
  async answer(args: readonly Term[], { signal }: CallContext): Promise<Term> {
    this.#came += 1;
    const [reply, raise] = [this.#reply, this.#raise];
    if (this.#delay > 0) await pause(this.#delay, undefined, { signal, ref: false });
    if (raise !== undefined) throw raise;
    return typeof reply === "function" ? reply(...args) : reply;
  }

  /** @internal What is missing, in words. */
  get missing(): string | undefined {
    const wanted = this.#times ?? 1;
    if (this.#came >= wanted) return undefined;
    return wanted === 1
      ? `${this.toString()} was expected, but did not come`
      : `${this.toString()} was expected ${wanted} times, and came ${this.#came}`;
  }

  /** The call in words. */
  toString(): string {
    const args = this.#args?.map(textOfPattern) ?? ["..."];
    return `${inspect(atom(this.#module))}.${this.#function}(${args.join(", ")})`;
  }
}

function fits(pattern: ArgumentPattern, argument: Term): boolean {
  if (typeof pattern === "function") return pattern(argument);
  if (pattern instanceof TermPattern) return pattern.matches(argument) !== undefined;
  return equals(pattern, argument);
}

function textOfPattern(pattern: ArgumentPattern): string {
  if (typeof pattern === "function") return `\${${pattern.name || "fun"}}`;
  return pattern instanceof TermPattern ? String(pattern) : inspect(pattern);
}
