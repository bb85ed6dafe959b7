/** The fields of `io_lib:format/2`: what a control sequence asks for, and how text and numbers are set into it. */

import { LimitError, UsageError } from "../errors.ts";
import { Atom } from "./atom.ts";
import type { Term } from "./term.ts";
import { Float, ImproperList } from "./values.ts";

/** Longest text that is made, in UTF-16 units. */
export const MAX_FORMATTED: number = 4 * 1024 * 1024;

/** One control sequence, such as `~-10.3.0tp`, with the arguments that stand for its `*` put in. */
export interface Sequence {
  /** As it is written in the format. */
  readonly source: string;
  readonly control: string;
  readonly width: number | undefined;
  readonly left: boolean;
  readonly precision: number | undefined;
  readonly pad: string;
  /** Modifier `t`. */
  readonly unicode: boolean;
  /** Without modifier `l`: text is shown as text. */
  readonly strings: boolean;
  /** What modifiers `k` and `K` ask for. */
  readonly order: Term | undefined;
}

// How many of JavaScript's characters are looked at together.
const WINDOW = 256;

const lossy = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });
const utf8 = new TextEncoder();
const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The error of arguments that do not fit their control sequence. */
export function misfit(sequence: Sequence, why: string): UsageError {
  return new UsageError(`${sequence.source} ${why}`);
}

/** The error of a text that grows too long. */
export function tooLong(): LimitError {
  return new LimitError(`the formatted text is longer than ${MAX_FORMATTED} characters`);
}

/** As `io_lib:chars_length/1`: characters where all are Latin-1, else what a reader takes for one. */
export function charsLength(text: string): number {
  if (isWithin(text, 0xff)) return text.length;
  let count = 0;
  for (const _ of clusters(text)) count++;
  return count;
}

/** The text of a binary, one character for each byte. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** The first `count` characters of a binary (or all, if it has fewer) when these are UTF-8, else `undefined`. */
export function utf8Head(bytes: Uint8Array, count: number): string | undefined {
  const text = lossy.decode(bytes.subarray(0, 4 * count));
  // Only where something is left over: a character may take two of JavaScript's.
  const head = text.length <= count ? text : Array.from(text).slice(0, count).join("");
  const back = utf8.encode(head);
  return Buffer.compare(back, bytes.subarray(0, back.length)) === 0 ? head : undefined;
}

/** The characters of `~s`: a binary, or a list of characters, binaries and such lists. */
export function charData(sequence: Sequence, data: Term): string {
  if (!isList(data) && !(data instanceof Uint8Array)) throw misfit(sequence, "takes text");
  const parts: string[] = [];
  // A stack of our own, not recursion: the data may be deeper than the call stack.
  const work: Term[] = [data];
  let steps = 0;
  while (work.length > 0) {
    const item = work.pop() as Term;
    steps += item instanceof Uint8Array ? item.length : 1;
    if (steps > MAX_FORMATTED) throw tooLong();
    if (item instanceof Uint8Array) parts.push(binaryText(sequence, item));
    else if (isList(item)) pushItems(sequence, item, work);
    else parts.push(oneCharacter(sequence, item));
  }
  return parts.join("");
}

function pushItems(sequence: Sequence, list: readonly Term[] | ImproperList, work: Term[]): void {
  const items = list instanceof ImproperList ? list.items : list;
  if (items.length > MAX_FORMATTED) throw tooLong();
  if (list instanceof ImproperList) {
    if (!(list.tail instanceof Uint8Array)) throw misfit(sequence, "takes no such improper list");
    work.push(list.tail);
  }
  for (let index = items.length - 1; index >= 0; index--) work.push(items[index] as Term);
}

// As `~ts` does: a binary that is no UTF-8 is taken for Latin-1.
function binaryText({ unicode }: Sequence, bytes: Uint8Array): string {
  if (!unicode) return latin1(bytes);
  try {
    return strict.decode(bytes);
  } catch {
    return latin1(bytes);
  }
}

function oneCharacter(sequence: Sequence, code: Term): string {
  const text = characterOf(code);
  if (text === undefined) throw misfit(sequence, "takes text, and found what is no character");
  if (!sequence.unicode && text > "\xff") {
    throw misfit(sequence, "takes Latin-1 text alone; with the modifier t it takes any");
  }
  return text;
}

/** The character of this code point; a surrogate is none. */
export function characterOf(code: Term): string | undefined {
  if (typeof code !== "number" || !Number.isInteger(code)) return undefined;
  if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
  return String.fromCodePoint(code);
}

/** A text set into the field of `~s`: the precision cuts it, the width pads it. */
export function textField(sequence: Sequence, text: string): string {
  const { width, precision, left } = sequence;
  if (width === undefined && precision === undefined) return text;
  const length = charsLength(text);
  const resize = (size: number, toLeft: boolean): string => {
    if (length > size) return truncate(sequence, text, size);
    return adjust(sequence, text, size - length, toLeft);
  };
  if (width === undefined) return resize(precision as number, true);
  if (precision === undefined || precision === width) return resize(width, left);
  if (precision > width) throw misfit(sequence, "has a precision beyond its width");
  return adjust(sequence, resize(precision, true), width - precision);
}

/** A number or written term set into its field: what does not fit becomes asterisks. */
export function termField(sequence: Sequence, text: string, precision?: number): string {
  const width = sequence.width ?? precision;
  if (width === undefined) return text;
  const length = charsLength(text);
  const most = Math.min(width, precision ?? width);
  if (length > most) return adjust(sequence, "*".repeat(most), width - most);
  return adjust(sequence, text, width - length);
}

/** A character of `~c` or `~~`, as often as width or precision say. */
export function characterField(sequence: Sequence, character: string): string {
  const { width, precision } = sequence;
  if (precision === undefined || width === undefined) {
    return character.repeat(width ?? precision ?? 1);
  }
  if (precision > width) throw misfit(sequence, "has a precision beyond its width");
  return adjust(sequence, character.repeat(precision), width - precision);
}

/** An integer of `~b`, `~B`, `~x`, `~X`, `~+` or `~#`: the precision is its base. */
export function integerField(sequence: Sequence, value: Term, prefix?: Term): string {
  const { control, precision: base = 10 } = sequence;
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) {
    throw misfit(sequence, "takes an integer");
  }
  if (base < 2 || base > 36) throw misfit(sequence, "has a base that is not from 2 to 36");
  const text = (value as number | bigint).toString(base);
  const digits = text.replace("-", "");
  const sign = text === digits ? "" : "-";
  const before =
    control === "+" || control === "#" ? `${base}#` : prefixText(sequence, prefix ?? []);
  const lower = control === "b" || control === "x" || control === "+";
  return termField(sequence, sign + before + (lower ? digits : digits.toUpperCase()));
}

function prefixText(sequence: Sequence, prefix: Term): string {
  if (prefix instanceof Atom) return prefix.name;
  const fault = "takes an atom or a string as its prefix";
  if (!Array.isArray(prefix)) throw misfit(sequence, fault);
  const parts: string[] = [];
  const work: Term[] = [prefix as readonly Term[]];
  for (let steps = 0; work.length > 0; steps++) {
    if (steps > MAX_FORMATTED) throw tooLong();
    const item = work.pop() as Term;
    const character = characterOf(item);
    if (Array.isArray(item)) pushItems(sequence, item as readonly Term[], work);
    else if (character === undefined || /[\ufffe\uffff]/.test(character)) {
      throw misfit(sequence, fault);
    } else parts.push(character);
  }
  return parts.join("");
}

/** A float of `~e`, `~f` or `~g`. */
export function floatField(sequence: Sequence, term: Term): string {
  if (!(term instanceof Float)) throw misfit(sequence, "takes a float");
  const { control, precision = 6 } = sequence;
  const { value } = term;
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  if (precision < (control === "e" ? 2 : 1)) throw misfit(sequence, "has too small a precision");
  if (control === "e") return termField(sequence, sign + scientific(value, precision));
  if (control === "f") return termField(sequence, sign + plain(value, precision));
  return termField(sequence, sign + general(value, precision));
}

// As `~g`: plain from 0.1 to 10000 where the precision reaches down to the decimals, else with an exponent.
function general(value: number, precision: number): string {
  const size = Math.abs(value);
  const place =
    size < 0.1 || size >= 1e4
      ? undefined
      : [1, 10, 100, 1e3, 1e4].findIndex((top) => size < top) - 1;
  if (place !== undefined && (precision - 1 > place || (precision <= 1 && place === -1))) {
    return plain(value, precision - 1 - place);
  }
  return scientific(value, Math.max(precision, 2));
}

function scientific(value: number, precision: number): string {
  const { digits, point } = floatDigits(value);
  const rounded = round(digits, precision);
  const exponent = rounded.carry ? point : point - 1;
  const all = rounded.carry ? `1${rounded.digits.slice(1)}` : rounded.digits;
  return `${all[0]}.${all.slice(1)}e${exponent < 0 ? "" : "+"}${exponent}`;
}

function plain(value: number, decimals: number): string {
  const { digits, point } = floatDigits(value);
  const whole = Math.max(point, 1);
  const rounded = round("0".repeat(whole - point) + digits, whole + decimals);
  const all = (rounded.carry ? "1" : "") + rounded.digits;
  return `${all.slice(0, -decimals)}.${all.slice(-decimals)}`;
}

// As `float_to_list/1`: the 21 digits that all else is rounded from, 0.DIGITS times ten to the power of `point`.
function floatDigits(value: number): { digits: string; point: number } {
  const [mantissa = "", exponent = ""] = Math.abs(value).toExponential(100).split("e");
  const all = mantissa.replace(".", "");
  const rest = all.slice(21).padEnd(80, "0");
  const half = "5".padEnd(80, "0");
  // C rounds a tie to the even digit, JavaScript would round it up.
  const up = rest > half || (rest === half && Number(all[20]) % 2 === 1);
  const digits = up ? String(BigInt(all.slice(0, 21)) + 1n) : all.slice(0, 21);
  return { digits: digits.slice(0, 21), point: Number(exponent) + 1 + digits.length - 21 };
}

// `carry`: the digits have become zeros, behind a one that is not among them.
function round(digits: string, keep: number): { digits: string; carry: boolean } {
  if (keep >= digits.length) return { digits: digits.padEnd(keep, "0"), carry: false };
  const head = digits.slice(0, keep);
  if ((digits[keep] as string) < "5") return { digits: head, carry: false };
  // The one in front keeps leading zeros, and becomes a two when the sum runs over.
  const sum = String(BigInt(`1${head}`) + 1n);
  return { digits: sum.slice(1), carry: sum.startsWith("2") };
}

function adjust(sequence: Sequence, text: string, room: number, left = sequence.left): string {
  const fill = sequence.pad.repeat(room);
  return left ? text + fill : fill + text;
}

function truncate({ unicode }: Sequence, text: string, count: number): string {
  if (!unicode || /^[ -~]*$/.test(text)) return text.slice(0, count);
  const parts: string[] = [];
  for (const cluster of clusters(text)) {
    if (parts.length >= count) break;
    parts.push(cluster);
  }
  return parts.join("");
}

// What a reader takes for one character, one after the other. In windows, since the time that Intl.Segmenter takes grows
// with the square of the text; what ends with its window may go on, so the next window begins with it.
function* clusters(text: string): Generator<string> {
  let size = WINDOW;
  for (let start = 0; start < text.length; ) {
    let end = start + size;
    if (/[\ud800-\udbff]/.test(text[end - 1] ?? "")) end++;
    const segments = Array.from(
      graphemes.segment(text.slice(start, end)),
      (found) => found.segment,
    );
    if (end < text.length) segments.pop();
    yield* segments;
    for (const segment of segments) start += segment.length;
    size = segments.length === 0 ? size * 2 : WINDOW;
  }
}

function isList(term: Term): term is readonly Term[] | ImproperList {
  return Array.isArray(term) || term instanceof ImproperList;
}

function isWithin(text: string, highest: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) > highest) return false;
  }
  return true;
}
