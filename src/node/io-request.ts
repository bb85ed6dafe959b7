/** The requests of the Erlang I/O protocol (stdlib "The Erlang I/O Protocol") that a group leader of ours understands. */

import { Atom, atom, type Term, Tuple, textOf, tuple } from "../term/index.ts";

/** What a request asks for. */
export type IoRequest =
  | { readonly type: "put"; readonly text: string }
  /** Text that only the node can make: the arguments of `io_lib:format/2`. */
  | { readonly type: "format"; readonly args: readonly Term[]; readonly latin1: boolean }
  | { readonly type: "many"; readonly requests: readonly Term[] }
  /** An answer that needs no work. */
  | { readonly type: "answer"; readonly reply: Term };

const PUT_CHARS = atom("put_chars");
const LATIN1 = atom("latin1");
const IO_LIB = atom("io_lib");
const FORMATS: ReadonlySet<Term> = new Set([atom("format"), atom("fwrite")]);
const INPUTS: ReadonlySet<Term> = new Set(
  ["get_chars", "get_line", "get_until", "get_password"].map(atom),
);
const UNKNOWN: IoRequest = { type: "answer", reply: tuple(atom("error"), atom("request")) };
const UNSUPPORTED: IoRequest = { type: "answer", reply: tuple(atom("error"), atom("enotsup")) };

/** Reads one request; what is not known gets `{error, request}`, as the protocol asks. */
export function readIoRequest(request: Term): IoRequest {
  if (request === atom("getopts")) return UNSUPPORTED;
  if (!(request instanceof Tuple)) return UNKNOWN;
  const [tag, ...rest] = request.items;
  if (tag === PUT_CHARS) return readPut(rest);
  if (tag === atom("requests") && Array.isArray(rest[0])) {
    return { type: "many", requests: rest[0] as readonly Term[] };
  }
  if (tag !== undefined && INPUTS.has(tag)) return { type: "answer", reply: atom("eof") };
  if (tag === atom("setopts") || tag === atom("get_geometry")) return UNSUPPORTED;
  return UNKNOWN;
}

// {put_chars, Encoding, Chars}, {put_chars, Encoding, M, F, A}, and both as before OTP R13, without an encoding.
function readPut(rest: readonly Term[]): IoRequest {
  const [encoding, ...what] = rest.length === 2 || rest.length === 4 ? rest : [LATIN1, ...rest];
  const latin1 = encoding === LATIN1;
  const [first, fun, args] = what;
  if (what.length === 1) {
    const text = charactersOf(first as Term, latin1);
    return text === undefined ? UNKNOWN : { type: "put", text };
  }
  // Nothing but formatting: this runs on the node in our name, with arguments that we did not choose.
  if (first === IO_LIB && fun instanceof Atom && FORMATS.has(fun) && Array.isArray(args)) {
    if (args.length === 2) return { type: "format", args: args as readonly Term[], latin1 };
  }
  return UNKNOWN;
}

/** The text of chardata; in latin1 each byte of a binary is a character. */
export function charactersOf(chars: Term, latin1: boolean): string | undefined {
  if (!latin1) return textOf(chars);
  if (chars instanceof Uint8Array) return Buffer.from(chars).toString("latin1");
  if (!Array.isArray(chars)) return undefined;
  const parts: string[] = [];
  for (const part of chars as readonly Term[]) {
    const text = typeof part === "number" ? textOf([part]) : charactersOf(part, true);
    if (text === undefined) return undefined;
    parts.push(text);
  }
  return parts.join("");
}
