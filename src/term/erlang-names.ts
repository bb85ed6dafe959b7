/** How Erlang writes atoms, in the rules of `io_lib:write_atom/1`. */

import { escapeErlang } from "./printable.ts";

/** Words that are atoms only in quotes; `maybe` and `else` are so since OTP 25 and 27. */
export const ERLANG_RESERVED: ReadonlySet<string> = new Set(
  (
    "after and andalso band begin bnot bor bsl bsr bxor case catch cond div else end fun if let maybe not of or " +
    "orelse receive rem try when xor"
  ).split(" "),
);

const ATOM = /^[a-z\u00df-\u00f6\u00f8-\u00ff][\w@\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]*$/;

/** `ok` or `'a b'`. */
export function erlangAtom(name: string): string {
  return ATOM.test(name) && !ERLANG_RESERVED.has(name) ? name : `'${escapeErlang(name, "'")}'`;
}
