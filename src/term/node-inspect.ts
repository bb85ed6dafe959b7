/** Terms in `console.log` and the REPL: our classes print themselves in Elixir syntax, cut as IEx cuts. */

import { Atom } from "./atom.ts";
import { inspect } from "./inspect.ts";
import type { Term } from "./term.ts";
import { TermMap } from "./term-map.ts";
import {
  Bitstring,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  Pid,
  Port,
  Reference,
  Tuple,
} from "./values.ts";

/** As IEx's default `limit`. */
const LIMIT = 50;

const printers = [
  Atom,
  Bitstring,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  Pid,
  Port,
  Reference,
  TermMap,
  Tuple,
];
for (const { prototype } of printers) {
  Object.defineProperty(prototype, Symbol.for("nodejs.util.inspect.custom"), {
    value(this: Term): string {
      return inspect(this, { limit: LIMIT });
    },
  });
}
