/** How a test names a process, and how messages do. */

import { NoProcessError } from "../node/index.ts";
import { Atom, atom, binary, inspect, Pid, type Term, Tuple } from "../term/index.ts";

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

/** What messages tell of a process that a script found: `Shop.Cart (#PID<0.1.0>)`, or with its initial call when it has no name. */
export function briefText(brief: Term): string {
  const [pid, name, call] = brief instanceof Tuple ? brief.items : [];
  if (name instanceof Atom) return `${inspect(name)} (${inspect(pid as Term)})`;
  const [module, fun, arity] = call instanceof Tuple ? call.items : [];
  if (!(module instanceof Atom) || !(fun instanceof Atom)) return inspect(pid as Term);
  return `${inspect(pid as Term)} started as ${inspect(module)}.${fun.name}/${inspect(arity as Term)}`;
}
