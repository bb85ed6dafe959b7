/** What a value is that is no term, what to use instead, and where in the term it is. */

import { Atom, Fun, ImproperList, type Term, TermMap, Tuple } from "../term/index.ts";

/** A message and a remedy. */
export interface Refusal {
  readonly message: string;
  readonly remedy: string;
}

/** Longer paths are cut in the middle. */
const MAX_PATH = 200;

/** Why this value is no term. Its contents do not appear, since they may be secret. */
export function whyNoTerm(value: unknown): Refusal {
  const [what, remedy] = explain(value);
  return { message: `${what} is no Erlang term`, remedy };
}

function explain(value: unknown): [what: string, remedy: string] {
  switch (typeof value) {
    case "string":
      return [
        "a JavaScript string",
        'Use binary("...") for an Elixir string, charlist("...") for an Erlang string, or atom("...").',
      ];
    case "undefined":
      return ["undefined", 'Use atom("undefined") or atom("nil").'];
    case "boolean":
      return [`the JavaScript value ${value}`, `Use bool(${value}).`];
    case "number":
      return Number.isInteger(value)
        ? ["a number beyond 2^53", "Use a bigint for a large integer, or new Float(...)."]
        : ["a number that is no integer", "Use new Float(...); NaN and Infinity are no terms."];
    case "object":
      return value === null
        ? ["null", 'Use atom("nil") or atom("undefined").']
        : explainObject(value);
    default:
      return [`a JavaScript ${typeof value}`, "Use the values of beamctl/term."];
  }
}

function explainObject(value: object): [what: string, remedy: string] {
  const name = String(value.constructor?.name ?? "");
  if (value instanceof Map || name === "Object" || name === "") {
    return ["a JavaScript object", 'Use new TermMap([[atom("key"), value]]).'];
  }
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) {
    return [`an object of class ${name}`, "Use a Uint8Array of its bytes."];
  }
  if (value instanceof Set) return ["a JavaScript Set", "Use an array for a list."];
  return [
    `an object of class ${name}`,
    "Use the values of beamctl/term; two installed copies of beamctl do not know each other's.",
  ];
}

/** The JavaScript expression for the part of `term` that is reached by these steps. */
export function pathOf(term: Term, steps: readonly number[]): string {
  let path = "term";
  let part: unknown = term;
  for (const step of steps) {
    let name: string;
    if (Array.isArray(part)) {
      [name, part] = [`[${step}]`, part[step]];
    } else if (part instanceof Tuple) {
      [name, part] = [`.items[${step}]`, part.items[step]];
    } else if (part instanceof ImproperList) {
      const last = step === part.items.length;
      [name, part] = last ? [".tail", part.tail] : [`.items[${step}]`, part.items[step]];
    } else if (part instanceof TermMap) {
      [name, part] = [nameInMap(part, step), part.flat[step]];
    } else if (part instanceof Fun) {
      [name, part] = [`.free[${step}]`, part.free[step]];
    } else {
      break;
    }
    path += name;
  }
  return path.length > MAX_PATH
    ? `${path.slice(0, MAX_PATH / 2)} ... ${path.slice(-MAX_PATH / 2)}`
    : path;
}

function nameInMap(map: TermMap, step: number): string {
  if (step % 2 === 0) return `.keys()[${step / 2}]`;
  const key = map.flat[step - 1];
  return key instanceof Atom
    ? `.get(atom(${JSON.stringify(key.name)}))`
    : `.values()[${(step - 1) / 2}]`;
}
