/**
 * Erlang terms in JavaScript.
 * @module beamctl/term
 */

import "./node-inspect.ts";

export {
  Atom,
  atom,
  atomCount,
  bool,
  ERROR,
  FALSE,
  MAX_ATOMS,
  NIL,
  OK,
  TRUE,
  UNDEFINED,
} from "./atom.ts";
export { TermSyntaxError } from "./errors.ts";
export { type InspectOptions, inspect, type Syntax } from "./inspect.ts";
export { ioFormat } from "./io-format.ts";
export { type ParseOptions, parse } from "./parse.ts";
export type { Term } from "./term.ts";
export { equals, keyOf, TermMap, type Zeros } from "./term-map.ts";
export { binary, charlist, text, textOf } from "./text.ts";
export {
  Bitstring,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  listWithTail,
  Pid,
  Port,
  Reference,
  Tuple,
  tuple,
} from "./values.ts";
