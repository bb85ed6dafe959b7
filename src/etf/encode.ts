/** Encodes a term that stands alone, as `term_to_binary` does. */

import type { Term } from "../term/index.ts";
import { VERSION } from "./tags.ts";
import { TermWriter } from "./writer.ts";

/**
 * The bytes of this term, as `erlang:term_to_binary/1` of OTP 26 and later: nothing in it is compressed.
 * @throws EncodeError when a node would not accept it; its `path` says which part of the term
 * @example
 * import { decode, encode } from "beamctl/etf";
 * import { atom, tuple } from "beamctl/term";
 *
 * const bytes = encode(tuple(atom("ok"), 1));
 * Buffer.from(bytes).toString("hex"); // => '83680277026f6b6101'
 * decode(bytes); // => {:ok, 1}
 */
export function encode(term: Term): Uint8Array {
  const writer = new TermWriter();
  writer.u8(VERSION);
  writer.write(term);
  const { byteLength } = writer;
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const part of writer.parts()) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
