/** `io_lib:format/2` of Erlang: a format with control sequences and its arguments become a text. */

import { LimitError, UsageError } from "../errors.ts";
import { Atom, atom } from "./atom.ts";
import {
  characterField,
  characterOf,
  charData,
  floatField,
  integerField,
  MAX_FORMATTED,
  misfit,
  type Sequence,
  termField,
  textField,
  tooLong,
} from "./io-format-fields.ts";
import { printTerm, writeTerm } from "./io-format-terms.ts";
import type { Term } from "./term.ts";

/** Largest width and precision. */
const MAX_FIELD = 100_000;

/** How many arguments each control character takes. */
const ARITY: ReadonlyMap<string, number> = new Map([
  ...Array.from("~n", (control) => [control, 0] as const),
  ...Array.from("cswpefgbB+#i", (control) => [control, 1] as const),
  ...Array.from("WPxX", (control) => [control, 2] as const),
]);

const ORDERED = atom("ordered");

/**
 * The text that `io_lib:format(Format, Args)` of OTP 27 makes, with all its control sequences. The format is a charlist, an
 * atom or a binary, each byte of which is one character as in io_lib.
 *
 * Terms are printed as by a node that was started without `+pc unicode`; unlike `inspect()` nothing is escaped but what
 * io_lib escapes, so the text can hold characters that steer a terminal. `~p` leaves a term on one line exactly where its
 * text is short enough for the rule of io_lib (at most 78 characters from the first column); longer ones are broken, but
 * not at the same items as there, and some that io_lib just squeezes into its last column or two are broken here.
 *
 * Other differences: maps without the modifier `k` or `K` show in the order they came in, `K` takes no fun, what is nested
 * deeper than 512 levels is `...`, identifiers of all nodes show as a node's own, and characters and pads must be code
 * points (a surrogate is none, nor is a whole string a pad).
 * @throws UsageError where io_lib answers `badarg`: format and arguments do not fit
 * @throws LimitError when a width or precision is beyond 100,000 or the text beyond 4 Mi UTF-16 units
 * @example
 * import { binary, charlist, Float, ioFormat } from "beamctl/term";
 *
 * ioFormat(charlist("~s costs ~.2f~n"), [binary("tea"), new Float(2.5)]); // => 'tea costs 2.50\n'
 */
export function ioFormat(format: Term, args: readonly Term[]): string {
  const pieces = scan(format, args);
  let text = "";
  let column = 0;
  for (const piece of pieces) {
    const added = typeof piece === "string" ? piece : build(piece, column);
    if (text.length + added.length > MAX_FORMATTED) throw tooLong();
    text += added;
    column = advance(column, added);
  }
  return text;
}

/** A control sequence with the arguments that its control character takes. */
interface Directive extends Sequence {
  readonly args: readonly Term[];
}

/** Where the scan is: in the characters of the format, and in the arguments. */
interface Cursor {
  readonly characters: readonly string[];
  at: number;
  readonly args: readonly Term[];
  used: number;
}

function scan(format: Term, args: readonly Term[]): readonly (string | Directive)[] {
  const cursor: Cursor = { characters: charactersOf(format), at: 0, args, used: 0 };
  const { characters } = cursor;
  const pieces: (string | Directive)[] = [];
  while (cursor.at < characters.length) {
    const tilde = characters.indexOf("~", cursor.at);
    const end = tilde < 0 ? characters.length : tilde;
    if (end > cursor.at) pieces.push(characters.slice(cursor.at, end).join(""));
    cursor.at = end + 1;
    if (tilde >= 0) pieces.push(scanDirective(cursor));
  }
  if (cursor.used < args.length) {
    throw new UsageError(`the format takes ${cursor.used} arguments and was given ${args.length}`);
  }
  return pieces;
}

function charactersOf(format: Term): readonly string[] {
  if (format instanceof Atom) return Array.from(format.name);
  if (format instanceof Uint8Array) return Array.from(format, (byte) => String.fromCharCode(byte));
  if (!Array.isArray(format)) throw new UsageError("a format is a charlist, a binary or an atom");
  return (format as readonly Term[]).map((code) => {
    const character = characterOf(code);
    if (character === undefined) throw new UsageError("a format that is a list holds characters");
    return character;
  });
}

// `~F.P.PadModC`, where the cursor is behind the tilde.
function scanDirective(cursor: Cursor): Directive {
  const start = cursor.at;
  const soFar = (): string => `~${cursor.characters.slice(start, cursor.at).join("")}`;
  const minus = accept(cursor, "-");
  const field = scanField(cursor, soFar);
  if (minus && field === undefined) throw new UsageError(`${soFar()} lacks a width`);
  const width = minus ? -(field as number) : field;
  const precision = accept(cursor, ".") ? scanField(cursor, soFar) : undefined;
  const pad = accept(cursor, ".") ? scanPad(cursor, soFar) : " ";
  const modifiers = scanModifiers(cursor, soFar);
  const control = cursor.characters[cursor.at++] ?? "";
  const arity = ARITY.get(control);
  if (arity === undefined) throw new UsageError(`${soFar()} is no control sequence of io_lib`);
  return {
    source: soFar(),
    control,
    width: width === undefined ? undefined : Math.abs(width),
    left: width !== undefined && width < 0,
    precision,
    pad,
    ...modifiers,
    args: Array.from({ length: arity }, () => take(cursor, soFar)),
  };
}

type Source = () => string;

function scanField(cursor: Cursor, soFar: Source): number | undefined {
  if (accept(cursor, "*")) return bounded(take(cursor, soFar), soFar);
  let digits = "";
  while (/^[0-9]$/.test(cursor.characters[cursor.at] ?? "")) {
    digits += cursor.characters[cursor.at++];
  }
  return digits === "" ? undefined : bounded(Number(digits), soFar);
}

function bounded(size: Term, soFar: Source): number {
  // Digits without end are Infinity by now, which is no integer but too large all the same.
  if (typeof size !== "bigint" && !Number.isInteger(size) && size !== Infinity) {
    throw new UsageError(`${soFar()} takes an integer as its width or precision`);
  }
  if (Math.abs(Number(size)) > MAX_FIELD) {
    throw new LimitError(`${soFar()} has a width or precision beyond ${MAX_FIELD}`);
  }
  return Number(size);
}

function scanPad(cursor: Cursor, soFar: Source): string {
  const given = accept(cursor, "*");
  const pad = given ? characterOf(take(cursor, soFar)) : cursor.characters[cursor.at++];
  if (pad !== undefined) return pad;
  throw new UsageError(`${soFar()} ${given ? "takes" : "lacks"} a character to pad with`);
}

function scanModifiers(
  cursor: Cursor,
  soFar: Source,
): Pick<Sequence, "unicode" | "strings" | "order"> {
  let unicode = false;
  let strings = true;
  let order: Term | undefined;
  while (cursor.at < cursor.characters.length) {
    if (accept(cursor, "t")) unicode = true;
    else if (accept(cursor, "l")) strings = false;
    else if (accept(cursor, "k")) order = ORDERED;
    else if (accept(cursor, "K")) order = take(cursor, soFar);
    else break;
  }
  return { unicode, strings, order };
}

function accept(cursor: Cursor, character: string): boolean {
  if (cursor.characters[cursor.at] !== character) return false;
  cursor.at++;
  return true;
}

function take(cursor: Cursor, soFar: Source): Term {
  if (cursor.used >= cursor.args.length) {
    throw new UsageError(`there is no argument left for ${soFar()}`);
  }
  return cursor.args[cursor.used++] as Term;
}

function build(directive: Directive, column: number): string {
  const [value, second] = directive.args as readonly [Term, Term];
  // Where it is a column or counts for nothing io_lib takes it; elsewhere it fails, or never ends.
  if ((directive.precision ?? 0) < 0 && !"pPni".includes(directive.control)) {
    throw misfit(directive, "has a precision below zero");
  }
  switch (directive.control) {
    case "~":
      return characterField(directive, "~");
    case "n":
      if (directive.left) throw misfit(directive, "cannot be adjusted to the left");
      return "\n".repeat(directive.width ?? 1);
    case "i":
      return "";
    case "c":
      return characterField(directive, character(directive, value));
    case "s":
      return textField(
        directive,
        value instanceof Atom ? atomText(directive, value) : charData(directive, value),
      );
    case "e":
    case "f":
    case "g":
      return floatField(directive, value);
    case "w":
    case "W": {
      const depth = directive.control === "w" ? Infinity : depthOf(directive, second);
      return termField(directive, writeTerm(directive, value, depth), directive.precision);
    }
    case "p":
    case "P": {
      const depth = directive.control === "p" ? Infinity : depthOf(directive, second);
      return printTerm(directive, value, depth, column);
    }
    default:
      return integerField(directive, value, second);
  }
}

// Without `t` only the lowest eight bits count.
function character(directive: Directive, code: Term): string {
  if (typeof code !== "bigint" && !Number.isSafeInteger(code)) {
    throw misfit(directive, "takes a character");
  }
  const cut = directive.unicode ? code : Number(BigInt.asUintN(8, BigInt(code as number | bigint)));
  const found = characterOf(cut);
  if (found === undefined) throw misfit(directive, "takes a character");
  return found;
}

function atomText(directive: Directive, { name }: Atom): string {
  if (directive.unicode || !/[^\0-\xff]/.test(name)) return name;
  throw misfit(directive, "takes Latin-1 text alone; with the modifier t it takes any");
}

// A depth below zero is none.
function depthOf(directive: Directive, depth: Term): number {
  if (typeof depth !== "bigint" && !Number.isSafeInteger(depth)) {
    throw misfit(directive, "takes an integer as its depth");
  }
  return Number(depth) < 0 ? Infinity : Number(depth);
}

// The column behind a text that begins in `column`; tabs go to the next multiple of eight.
function advance(column: number, text: string): number {
  const line = text.lastIndexOf("\n") + 1;
  let at = line === 0 ? column : 0;
  for (const character of text.slice(line)) at = character === "\t" ? ((at + 8) >> 3) << 3 : at + 1;
  return at;
}
