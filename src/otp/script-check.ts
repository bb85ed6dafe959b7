/** Reads the abstract forms of a script and refuses every call that is not known to only read. */

import { Atom, type Term, Tuple } from "../term/index.ts";
import { DeniedError } from "./errors.ts";
import { LITERAL_REQUESTS, LOCAL_CALLS, PURE_MODULES, REMOTE_CALLS } from "./script-calls.ts";

/**
 * Passes when every call in these forms names its function literally and that function is on the list of reading ones. Funs made by the
 * script itself may be called and handed on, since their bodies are in the forms too.
 * @throws DeniedError that names the first call which is not
 */
export function checkReadOnly(node: string, script: string, forms: readonly Term[]): void {
  const found = firstDenied(forms);
  if (found !== undefined) throw new DeniedError(node, `${found} in the script ${script}`);
}

/** The first call in these forms that is not known to only read, as text. */
export function firstDenied(forms: readonly Term[]): string | undefined {
  const work: Term[] = [...forms];
  for (let term = work.pop(); term !== undefined; term = work.pop()) {
    if (term instanceof Tuple) {
      const denied = deniedBy(term.items);
      if (denied !== undefined) return denied;
      work.push(...term.items);
    } else if (Array.isArray(term)) {
      for (const item of term as readonly Term[]) work.push(item);
    }
  }
  return undefined;
}

function deniedBy([tag, , first, second]: readonly Term[]): string | undefined {
  if (!(tag instanceof Atom)) return undefined;
  if (tag.name === "call") return deniedCall(first as Term, second as readonly Term[]);
  if (tag.name === "op" && nameOf(first) === "!") return "a send";
  if (tag.name === "receive") return "a receive"; // it could take a message that a reply waits behind
  if (tag.name === "fun" && !isClauses(first)) return "a named function as a value";
  return undefined;
}

function deniedCall(callee: Term, args: readonly Term[]): string | undefined {
  const [tag, , first, second] = callee instanceof Tuple ? callee.items : [];
  const kind = nameOf(tag);
  // A variable or an expression holds a fun of the script's own: others cannot come in, as bindings are plain data.
  if (kind === "var" || kind === "fun" || kind === "named_fun") return undefined;
  if (kind === "atom") {
    const call = `${nameOf(first)}/${args.length}`;
    return LOCAL_CALLS.has(call) ? undefined : call;
  }
  const [module, fun] = [literal(first), literal(second)];
  if (kind !== "remote" || module === undefined || fun === undefined) return "a call of a variable";
  if (PURE_MODULES.has(module)) return undefined;
  const call = `${module}:${fun}/${args.length}`;
  if (!REMOTE_CALLS.has(call)) return call;
  const request = LITERAL_REQUESTS[call];
  if (request === undefined) return undefined;
  const asked = args.slice(1).map(literal).join(" ");
  return request.includes(asked) ? undefined : `${call} with ${asked || "a variable"}`;
}

function isClauses(term: Term | undefined): boolean {
  return term instanceof Tuple && nameOf(term.items[0]) === "clauses";
}

/** The atom of `{atom, Line, Name}`. */
function literal(term: Term | undefined): string | undefined {
  return term instanceof Tuple && nameOf(term.items[0]) === "atom" && term.items.length === 3
    ? nameOf(term.items[2])
    : undefined;
}

function nameOf(term: Term | undefined): string | undefined {
  return term instanceof Atom ? term.name : undefined;
}
