/** Between JavaScript strings and the two kinds of text in Erlang: binaries and charlists. */

import { UsageError } from "../errors.ts";
import type { Term } from "./term.ts";

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The UTF-8 binary of this text: an Elixir string.
 * @example
 * import { binary } from "beamctl/term";
 *
 * binary("tea"); // => Uint8Array(3) [ 116, 101, 97 ]
 */
export function binary(text: string): Uint8Array {
  return encoder.encode(text);
}

/**
 * The charlist of this text: a list of code points, an Erlang string.
 * @example
 * import { charlist } from "beamctl/term";
 *
 * charlist("tea"); // => [ 116, 101, 97 ]
 */
export function charlist(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) as number);
}

/**
 * The text of an iolist-like term (a binary, a charlist, or lists of both), or `undefined` when it is none.
 * @example
 * import { binary, charlist, textOf, tuple } from "beamctl/term";
 *
 * textOf([binary("green "), charlist("tea")]); // => 'green tea'
 * textOf(tuple(1)); // => undefined
 */
export function textOf(term: Term): string | undefined {
  const parts: string[] = [];
  return collect(term, parts, 0) ? parts.join("") : undefined;
}

/**
 * The text of a binary, charlist or chardata term.
 * @throws UsageError when the term is not text
 * @example
 * import { binary, text } from "beamctl/term";
 *
 * text(binary("tea")); // => 'tea'
 */
export function text(term: Term): string {
  const found = textOf(term);
  if (found === undefined) throw new UsageError("this term is no text");
  return found;
}

function collect(term: Term, parts: string[], depth: number): boolean {
  if (term instanceof Uint8Array) {
    try {
      parts.push(strict.decode(term));
      return true;
    } catch {
      return false;
    }
  }
  if (!Array.isArray(term) || depth > 100) return false;
  for (const item of term as readonly Term[]) {
    if (typeof item === "number") {
      if (item < 0 || item > 0x10ffff || (item >= 0xd800 && item < 0xe000)) return false;
      parts.push(String.fromCodePoint(item));
    } else if (!collect(item, parts, depth + 1)) return false;
  }
  return true;
}
