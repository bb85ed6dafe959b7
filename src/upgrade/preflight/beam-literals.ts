/** The literals of a beam (chunk `LitT`), read here: no code is loaded, and no atom is made on the node. */

import { inflateSync } from "node:zlib";
import { isBeamError } from "../../errors.ts";
import { decode } from "../../etf/index.ts";
import { Atom, atom, type Term, TermMap } from "../../term/index.ts";

/** The most that a table of literals may be unpacked to: 16 MB. */
const MOST = 16 * 1024 * 1024;

/**
 * The keys of a module's struct by the literals of its beam, in order, or `undefined` when there is no such literal: when a default is no literal
 * itself, or the table is not understood. `__struct__/0` gives such a map; stripping a beam leaves it.
 */
export function structKeys(module: string, chunk: Uint8Array): readonly string[] | undefined {
  let most: readonly string[] | undefined;
  for (const literal of literalsOf(chunk)) {
    if (!(literal instanceof TermMap)) continue;
    const name = literal.get(atom("__struct__"));
    if (!(name instanceof Atom) || name.name !== module) continue;
    const keys = [...literal.keys()].flatMap((key) => (key instanceof Atom ? [key.name] : []));
    if (most === undefined || keys.length > most.length) most = keys.sort();
  }
  return most;
}

function* literalsOf(chunk: Uint8Array): Generator<Term> {
  let bytes: Buffer;
  try {
    const packed = Buffer.from(chunk);
    const rest = packed.subarray(4);
    // From OTP 28 on the table is not compressed, which a size of 0 tells.
    bytes = packed.readUInt32BE(0) === 0 ? rest : inflateSync(rest, { maxOutputLength: MOST });
  } catch {
    return;
  }
  for (let at = 4; at + 4 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    const literal = bytes.subarray(at + 4, at + 4 + size);
    at += 4 + size;
    try {
      yield decode(literal);
    } catch (error) {
      if (!isBeamError(error)) throw error; // one literal that is too large or odd hides no other
    }
  }
}
