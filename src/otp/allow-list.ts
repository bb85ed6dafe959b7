/** Everything that may leave through an observer: exact functions with their number of arguments, and what these may be. */

import { Atom, ExternalFun, Fun, type Term, TermMap, Tuple, textOf } from "../term/index.ts";
import { isReadOnlyForm, isReadOnlySource } from "./script.ts";

/** Whether a call with these arguments only reads. */
type Condition = (args: readonly Term[]) => boolean;

const always: Condition = () => true;

/** The rows, by `module:function/arity`. No function is here that applies another one: that is what scripts are for. */
export const ALLOW_LIST: Readonly<Record<string, Condition>> = {
  // The release handler and what a release consists of.
  "release_handler:which_releases/0": always,
  "application:which_applications/0": always,
  "application:get_key/2": always,
  "code:root_dir/0": always,
  // The environment may hold secrets: these two name a folder.
  "application:get_env/2": ([app, key]) => isAtom(app, "sasl") && isAtom(key, "releases_dir"),
  "os:getenv/1": ([name]) => textOf(name ?? []) === "RELDIR",
  "file:consult/1": always,
  "file:list_dir/1": always,
  "init:get_status/0": always,
  // Supervisors are asked, never told; the timeout is theirs to keep.
  "supervisor:which_children/1": always,
  "supervisor:count_children/1": always,
  "logger:get_primary_config/0": always,
  // Scripts: a text that is registered as read-only, the tokens it gives, and the very forms that were checked.
  "erl_scan:string/1": ([source]) => isReadOnlySource(textOf(source ?? []) ?? ""),
  "erl_parse:parse_exprs/1": always,
  "erl_eval:expr/5": ([form, bindings, local, remote]) =>
    isReadOnlyForm(form) &&
    isAtom(local, "none") &&
    isAtom(remote, "none") &&
    isPlain(bindings ?? []),
};

/** Whether an observer lets this call through. */
export function isObserving(module: string, fun: string, args: readonly Term[]): boolean {
  const row = `${module}:${fun}/${args.length}`;
  return Object.hasOwn(ALLOW_LIST, row) && (ALLOW_LIST[row] as Condition)(args);
}

function isAtom(term: Term | undefined, name: string): boolean {
  return term instanceof Atom && term.name === name;
}

/** Without funs: a script calls the funs that it holds. */
function isPlain(term: Term): boolean {
  const work: Term[] = [term];
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    if (next instanceof Fun || next instanceof ExternalFun) return false;
    if (next instanceof Tuple) work.push(...next.items);
    else if (next instanceof TermMap) work.push(...next.keys(), ...next.values());
    else if (Array.isArray(next)) for (const item of next as readonly Term[]) work.push(item);
  }
  return true;
}
