/** Quoted text of both syntaxes, with its escapes. */

import type { Scanner } from "./scanner.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const HEX2 = /[0-9a-fA-F]{1,2}/y;
const HEX4 = /[0-9a-fA-F]{4}/y;
const HEX_BRACES = /\{([0-9a-fA-F]{1,6})\}/y;
const OCTAL = /[0-7]{1,3}/y;

/** What a letter means behind a backslash, in both languages. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ["b", "\b"],
  ["d", "\x7f"],
  ["e", "\x1b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["s", " "],
  ["t", "\t"],
  ["v", "\v"],
]);

/** The bytes of an Elixir text up to `close`; the opening delimiter has been read. */
export function elixirBytes(scanner: Scanner, close: string): Uint8Array {
  const parts: Uint8Array[] = [];
  let text = "";
  const plain = until(close, "#");
  for (;;) {
    text += scanner.match(plain)?.[0] ?? "";
    if (scanner.take(close)) {
      const last = encoder.encode(text);
      return parts.length === 0 ? last : join([...parts, last]);
    }
    if (scanner.take("#")) {
      if (scanner.next === "{") {
        scanner.fail("text without interpolation", { remedy: 'write "\\#{" for these characters' });
      }
      text += "#";
    } else if (scanner.take("\\")) {
      const escaped = elixirEscape(scanner);
      if (typeof escaped === "string") {
        text += escaped;
      } else {
        parts.push(encoder.encode(text), Uint8Array.of(escaped));
        text = "";
      }
    } else {
      scanner.fail(`the closing ${close}`);
    }
  }
}

/** An Elixir text up to `close` that has to be valid UTF-8: the name of an atom, or a charlist. */
export function elixirString(scanner: Scanner, close: string): string {
  const offset = scanner.offset;
  const bytes = elixirBytes(scanner, close);
  try {
    return strict.decode(bytes);
  } catch {
    return scanner.fail("text in valid UTF-8", { offset, remedy: "write characters as \\u{E9}" });
  }
}

/** The Erlang text up to `close`; the opening quote has been read. */
export function erlangString(scanner: Scanner, close: string): string {
  const parts: string[] = [];
  const plain = until(close, "");
  for (;;) {
    const run = scanner.match(plain);
    if (run !== undefined) parts.push(run[0]);
    if (scanner.take(close)) return parts.join("");
    if (!scanner.take("\\")) scanner.fail(`the closing ${close}`);
    parts.push(erlangEscape(scanner));
  }
}

/** The code point that `?a` of Elixir or `$a` of Erlang means; its sign has been read. */
export function character(scanner: Scanner, read: (scanner: Scanner) => string | number): number {
  if (scanner.next === "") scanner.fail("a character");
  if (scanner.take("\\")) {
    const escaped = read(scanner);
    if (typeof escaped === "number") return escaped;
    return escaped.codePointAt(0) ?? scanner.fail("a character");
  }
  const code = scanner.source.codePointAt(scanner.offset) as number;
  scanner.offset += code > 0xffff ? 2 : 1;
  return code;
}

/** What an Elixir escape means, its backslash read: text, or the one byte of `\xHH`. */
export function elixirEscape(scanner: Scanner): string | number {
  const offset = scanner.offset;
  if (scanner.take("\n") || scanner.take("\r\n")) return "";
  if (scanner.take("a")) return "\x07";
  if (scanner.take("0")) return "\0";
  if (scanner.take("x")) {
    const found = scanner.match(HEX2);
    if (found !== undefined) return Number.parseInt(found[0], 16);
    return codePoint(scanner, scanner.match(HEX_BRACES)?.[1], offset);
  }
  if (scanner.take("u")) {
    return codePoint(scanner, scanner.match(HEX4)?.[0] ?? scanner.match(HEX_BRACES)?.[1], offset);
  }
  return letter(scanner);
}

/** What an Erlang escape means, its backslash read. */
export function erlangEscape(scanner: Scanner): string {
  const offset = scanner.offset;
  if (scanner.take("\n") || scanner.take("\r\n")) return "\n";
  const octal = scanner.match(OCTAL);
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal[0], 8));
  if (scanner.take("x")) {
    const two = scanner.match(HEX2);
    if (two !== undefined && two[0].length === 2) return codePoint(scanner, two[0], offset);
    return codePoint(
      scanner,
      two === undefined ? scanner.match(HEX_BRACES)?.[1] : undefined,
      offset,
    );
  }
  if (scanner.take("^")) {
    const control = scanner.match(/[@A-Z[\\\]^_a-z?]/y);
    if (control === undefined) return scanner.fail("a control character such as \\^C", { offset });
    return control[0] === "?" ? "\x7f" : String.fromCharCode(control[0].charCodeAt(0) & 31);
  }
  return letter(scanner);
}

function letter(scanner: Scanner): string {
  if (scanner.next === "") scanner.fail("a character after the backslash");
  const code = scanner.source.codePointAt(scanner.offset) as number;
  const character = String.fromCodePoint(code);
  scanner.offset += character.length;
  return LETTERS.get(character) ?? character;
}

function codePoint(scanner: Scanner, hex: string | undefined, offset: number): string {
  const code = hex === undefined ? -1 : Number.parseInt(hex, 16);
  if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
    return scanner.fail("the hexadecimal number of a character", { offset });
  }
  return String.fromCodePoint(code);
}

/** Matches a run of characters that are neither a backslash, nor `close`, nor `special`. */
function until(close: string, special: string): RegExp {
  const escaped = close.replace(/[\]\\^-]/, "\\$&");
  return new RegExp(`[^\\\\${escaped}${special}]+`, "y");
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
