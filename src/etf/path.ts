/** Where a part of a term is, as the JavaScript expression that leads to it. */

import { Atom, Fun, ImproperList, type Term, TermMap, Tuple } from "../term/index.ts";

/** Longer paths are cut in the middle. */
const MAX_PATH = 200;

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
