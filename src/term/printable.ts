/** Which text is printed as text, and how its special characters are escaped. */

import type { Term } from "./term.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

// Not printable to Elixir's String.printable?/1 (\a \b \t \n \v \f \r \e and \d are).
const ELIXIR_UNPRINTABLE = characters("\\0-\\x06\\x0e-\\x1a\\x1c-\\x1f\\x80-\\x9f\\ufffe\\uffff");
// Not printable to io_lib:printable_unicode_list/1; unlike Elixir it refuses \a and \d.
const ERLANG_UNPRINTABLE = characters("\\0-\\x07\\x0e-\\x1a\\x1c-\\x1f\\x7f-\\x9f\\ufffe\\uffff");

// Spaces that look like others, marks without a width, and marks that turn the direction of the line around: printed
// raw they could make a terminal show something else than the term. Elixir escapes all of these but some of \p{Cf}.
const INVISIBLE =
  "\\p{Cf}\\xa0\\u034f\\u2000-\\u200f\\u2028-\\u202e\\u205f-\\u2064\\u2066-\\u2069\\ufff9-\\ufffc";
const CONTROL = "\\p{Cc}\\ufffe\\uffff";
const ELIXIR_SPECIAL = new RegExp(`["\\\\${CONTROL}${INVISIBLE}]|#(?=\\{)`, "gu");
const ERLANG_SPECIAL = new RegExp(`["'\\\\${CONTROL}${INVISIBLE}]`, "gu");

const NAMED_ESCAPES: ReadonlyMap<string, string> = new Map([
  ["\b", "\\b"],
  ["\t", "\\t"],
  ["\n", "\\n"],
  ["\v", "\\v"],
  ["\f", "\\f"],
  ["\r", "\\r"],
  ["\x1b", "\\e"],
  ["\x7f", "\\d"],
  ["\\", "\\\\"],
]);

/** The text of a binary that Elixir prints in double quotes, or `undefined`. */
export function elixirText(bytes: Uint8Array): string | undefined {
  const text = utf8Text(bytes);
  return text === undefined || ELIXIR_UNPRINTABLE.test(text) ? undefined : text;
}

/** The text of a binary that Erlang prints as a string, and whether it is UTF-8 or one character for each byte. */
export function erlangText(bytes: Uint8Array): { text: string; utf8: boolean } | undefined {
  const text = utf8Text(bytes);
  if (text !== undefined && !ERLANG_UNPRINTABLE.test(text)) {
    return { text, utf8: text.length !== bytes.length };
  }
  const latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  return ERLANG_UNPRINTABLE.test(latin1) ? undefined : { text: latin1, utf8: false };
}

/** The text of a list that Elixir prints as `~c"..."`: ASCII alone. */
export function elixirCharlist(list: readonly Term[]): string | undefined {
  return charlistText(list, 0x7f, ELIXIR_UNPRINTABLE, "\x7f");
}

/** The text of a list that Erlang prints in double quotes: Latin-1, as the shell's default range. */
export function erlangCharlist(list: readonly Term[]): string | undefined {
  return charlistText(list, 0xff, ERLANG_UNPRINTABLE);
}

/** The inside of a double-quoted Elixir text. */
export function escapeElixir(text: string): string {
  return text.replace(ELIXIR_SPECIAL, (character) => {
    if (character === '"' || character === "#") return `\\${character}`;
    if (character === "\x07") return "\\a";
    if (character === "\0") return "\\0";
    const named = NAMED_ESCAPES.get(character);
    if (named !== undefined) return named;
    const code = hex(character);
    // \xHH is a byte in Elixir, so it names a character only within ASCII.
    if (character < "\x80") return `\\x${code.padStart(2, "0")}`;
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** The inside of an Erlang string or atom that stands between two of `quote`. */
export function escapeErlang(text: string, quote: '"' | "'"): string {
  return text.replace(ERLANG_SPECIAL, (character) => {
    if (character === '"' || character === "'")
      return character === quote ? `\\${quote}` : character;
    const named = NAMED_ESCAPES.get(character);
    if (named !== undefined) return named;
    const code = character.charCodeAt(0);
    return code < 0xa0 ? `\\${code.toString(8).padStart(3, "0")}` : `\\x{${hex(character)}}`;
  });
}

function utf8Text(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

function charlistText(
  list: readonly Term[],
  highest: number,
  unprintable: RegExp,
  except?: string,
): string | undefined {
  if (list.length === 0) return undefined;
  const characters: string[] = [];
  for (const item of list) {
    if (typeof item !== "number" || item < 0 || item > highest) return undefined;
    const character = String.fromCharCode(item);
    if (character === except || unprintable.test(character)) return undefined;
    characters.push(character);
  }
  return characters.join("");
}

function characters(set: string): RegExp {
  return new RegExp(`[${set}]`);
}

function hex(character: string): string {
  return (character.codePointAt(0) as number).toString(16).toUpperCase();
}
