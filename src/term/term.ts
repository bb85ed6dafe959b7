/** What an Erlang term is in JavaScript. */

import type { Atom } from "./atom.ts";
import type { TermMap } from "./term-map.ts";
import type {
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

/**
 * Any Erlang term. Integers are `number` within ±(2^53 - 1) and `bigint` beyond, floats are {@link Float},
 * binaries are `Uint8Array`, proper lists are arrays (a charlist is an array of code points), maps are
 * {@link TermMap}. `true`, `false`, `nil` and `undefined` are atoms.
 */
export type Term =
  | Atom
  | Tuple
  | Pid
  | Reference
  | Port
  | Float
  | Bitstring
  | ImproperList
  | ExternalFun
  | Fun
  | TermMap
  | Uint8Array
  | number
  | bigint
  | readonly Term[];
