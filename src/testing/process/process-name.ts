/** How a test names a process, and how messages do. */

import { NoProcessError } from "../../node/index.ts";
import { Atom, atom, binary, inspect, Pid, type Term, Tuple } from "../../term/index.ts";

/**
 * A process: its pid, the name it is registered with (`"Shop.Cart"` finds the Elixir module as well as an Erlang name), or
 * `{:global, name}` or `{:via, module, name}` as a term. Only processes of the node itself are found.
 */
export type ProcessName = Pid | string | Atom | Tuple;

/** What `Whereis` of the scripts takes. */
export function addressOf(name: ProcessName): Term {
  if (name instanceof Pid || name instanceof Tuple) return name;
  if (name instanceof Atom) return [binary(name.name)];
  return /^[A-Z]/.test(name) ? [binary(name), binary(`Elixir.${name}`)] : [binary(name)];
}

/** The name as messages have it. */
export function labelOf(name: ProcessName): string {
  return typeof name === "string" ? name : inspect(name, { limit: 10 });
}

/** The error of a process that is not there. */
export function gone(name: ProcessName, node: string): NoProcessError {
  return new NoProcessError(
    name instanceof Pid ? name : labelOf(name),
    atom("noproc"),
    node,
    false,
  );
}

/** A process as it was when it was looked at. */
export interface ProcessBrief {
  readonly pid: Pid;
  /** The name it was registered with, as Elixir prints it (`Shop.Cart`, `:user`); `undefined` without one. */
  readonly name: string | undefined;
  /** What it was started as: `Shop.Cart.init/1`. */
  readonly initialCall: string | undefined;
}

/** What `Brief` of the scripts gave. */
export function readBrief(brief: Term): ProcessBrief {
  const [pid, name, call] = (brief as Tuple).items;
  return {
    pid: pid as Pid,
    name: name instanceof Atom ? inspect(name) : undefined,
    initialCall: functionText(call),
  };
}

/** `Shop.Cart.init/1`, of `{Module, Function, Arity}`. */
export function functionText(mfa: Term | undefined): string | undefined {
  const [module, fun, arity] = mfa instanceof Tuple ? mfa.items : [];
  if (!(module instanceof Atom && fun instanceof Atom)) return undefined;
  return `${inspect(module)}.${fun.name}/${inspect(arity as Term)}`;
}

/** How messages name it: `Shop.Cart (#PID<0.1.0>)`, or with its initial call when it has no name. */
export function briefText({ pid, name, initialCall }: ProcessBrief): string {
  if (name !== undefined) return `${name} (${inspect(pid)})`;
  return initialCall === undefined ? inspect(pid) : `${inspect(pid)} started as ${initialCall}`;
}
