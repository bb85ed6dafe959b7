/** Terms as `~w`, `~p`, `~W` and `~P` of `io_lib:format/2` show them: one character set or the other, down to a depth. */

import { Atom } from "./atom.ts";
import { erlangAtom } from "./erlang-names.ts";
import { inspect } from "./inspect.ts";
import {
  charsLength,
  latin1,
  MAX_FORMATTED,
  misfit,
  type Sequence,
  tooLong,
  utf8Head,
} from "./io-format-fields.ts";
import { compareTerms } from "./io-format-order.ts";
import { type Doc, Group, layout, Pair } from "./layout.ts";
import { MAX_TEXT_DEPTH } from "./limits.ts";
import { erlangCharlist, escapeErlang } from "./printable.ts";
import type { Term } from "./term.ts";
import { TermMap } from "./term-map.ts";
import { Bitstring, ImproperList, Tuple } from "./values.ts";

// Beyond this not even the lines are laid out: each of them could be indented by much.
const MAX_LAID_OUT = 16 * MAX_FORMATTED;

const SPECIAL = /["'\\\p{Cc}]/gu;
const SPECIAL_OR_WIDE = /["'\\\p{Cc}]|[^\p{ASCII}\x80-\xff]/gu;
// As erlangCharlist() has it: what is printable where the node was not started with +pc unicode.
const PRINTABLE_SET = "\\b-\\r\\x1b\\x20-\\x7e\\xa0-\\xff";
const PRINTABLE = new RegExp(`^[${PRINTABLE_SET}]*`);

/** What stays the same while one term is printed, and what it has come to. */
interface Walk {
  readonly sequence: Sequence;
  /** Whether text is shown as text. */
  readonly strings: boolean;
  /** Whether maps are cut as `~W` does it. */
  readonly written: boolean;
  /** Characters so far. */
  length: number;
  /** How many of these JavaScript counts beyond what io_lib counts. */
  surplus: number;
}

/** The term on one line, without any text: `~w`, and `~W` with a depth. */
export function writeTerm(sequence: Sequence, term: Term, depth: number): string {
  if (depth === 0) return "...";
  return layout(docOf(term, depth, 0, walkOf(sequence, true)), Infinity);
}

/**
 * The term in lines, as the width has it, that begin at the precision or else in `column` (from 0): `~p`, and `~P` with a
 * depth.
 */
export function printTerm(sequence: Sequence, term: Term, depth: number, column: number): string {
  if (sequence.left) throw misfit(sequence, "cannot be adjusted to the left");
  if (depth === 0) return "...";
  const { width = 80, precision = column + 1 } = sequence;
  const start = Math.max(precision, 1);
  const walk = walkOf(sequence, false);
  const doc = docOf(term, depth, 0, walk);
  const room = width === 0 ? Infinity : width - start - 1 + walk.surplus;
  if (doc.length <= room) return layout(doc, Infinity);
  if (laidOut(doc, start - 1) > MAX_LAID_OUT) throw tooLong();
  return layout(doc, Math.max(room, 1)).replaceAll("\n", `\n${" ".repeat(start - 1)}`);
}

function walkOf(sequence: Sequence, written: boolean): Walk {
  return { sequence, strings: !written && sequence.strings, written, length: 0, surplus: 0 };
}

// At most this long, whatever of it is broken.
function laidOut(doc: Doc, indent: number): number {
  if (typeof doc === "string") return doc.length;
  if (doc instanceof Pair) return doc.key.length + laidOut(doc.value, indent + doc.key.length);
  let length = indent;
  const inner = indent + 2;
  for (const item of doc.items) length += inner + 2 + laidOut(item, inner);
  return length;
}

// At depth 1 only the outermost shows, with `...` inside.
function docOf(term: Term, depth: number, level: number, walk: Walk): Doc {
  if (term instanceof Atom) return atomDoc(term.name, walk);
  if (term instanceof Uint8Array) return binaryDoc(term, 0, depth, walk);
  if (term instanceof Bitstring) return binaryDoc(term.bytes, term.bits, depth, walk);
  const list = Array.isArray(term);
  if (list && walk.strings && depth !== 1) {
    const text = erlangCharlist(term as readonly Term[]);
    if (text !== undefined) return spent(`"${escapeErlangAs(text, '"', true)}"`, walk);
  }
  const items = itemsOf(term);
  if (items === undefined && !(term instanceof TermMap)) {
    return spent(inspect(term, { syntax: "erlang" }), walk);
  }
  if (level >= MAX_TEXT_DEPTH) return spent("...", walk);
  if (term instanceof TermMap) return mapDoc(term, depth, level, walk);
  return term instanceof Tuple
    ? sequenceDoc("{", items as readonly Term[], "}", ",", depth, level, walk)
    : sequenceDoc("[", items as readonly Term[], "]", "|", depth, level, walk, term);
}

function itemsOf(term: Term): readonly Term[] | undefined {
  if (Array.isArray(term)) return term as readonly Term[];
  return term instanceof Tuple || term instanceof ImproperList ? term.items : undefined;
}

// Each item may go one level less deep than the one before.
function sequenceDoc(
  open: string,
  items: readonly Term[],
  close: string,
  bar: string,
  depth: number,
  level: number,
  walk: Walk,
  list?: Term,
): Doc {
  spend(2, walk);
  const docs: Doc[] = [];
  const tailed = list instanceof ImproperList;
  for (const item of items) {
    if (docs.length >= depth - 1) break;
    spend(1, walk);
    docs.push(docOf(item, depth - docs.length - 1, level + 1, walk));
  }
  const cut = docs.length < items.length || (tailed && docs.length >= depth - 1);
  if (cut) docs.push("...");
  else if (tailed) docs.push(docOf(list.tail, depth - docs.length - 1, level + 1, walk));
  return new Group(open, docs, close, ",", cut || tailed ? bar : ",");
}

function mapDoc(map: TermMap, depth: number, level: number, walk: Walk): Doc {
  spend(3, walk);
  if (map.size === 0 || (walk.written && depth === 1)) return "#{}";
  const docs: Doc[] = [];
  const pairs = depth === 1 ? [] : orderedPairs(map, walk.sequence);
  const print = (term: Term): Doc => docOf(term, depth - 1, level + 1, walk);
  for (const [key, value] of pairs) {
    if (docs.length >= depth - 1) break;
    spend(5, walk);
    const keyDoc = print(key);
    docs.push(new Pair(new Pair(keyDoc, " => "), print(value)));
  }
  // `~W` says so even when nothing was left out.
  const full = docs.length >= depth - 1;
  if (docs.length < map.size || (walk.written && full)) docs.push("...");
  return new Group("#{", docs, "}", ",");
}

function orderedPairs(map: TermMap, sequence: Sequence): Iterable<readonly [Term, Term]> {
  const { order } = sequence;
  const name = order instanceof Atom ? order.name : order === undefined ? "undefined" : "";
  if (name === "undefined") return map;
  if (name !== "ordered" && name !== "reversed") {
    throw misfit(sequence, "can order maps by ordered, reversed or undefined, and by nothing else");
  }
  const pairs = [...map].sort(([left], [right]) => compareTerms(left, right));
  return name === "ordered" ? pairs : pairs.reverse();
}

function atomDoc(name: string, walk: Walk): string {
  // Unquoted atoms are the same everywhere; in quotes inspect() would escape more than io_lib does.
  const text =
    erlangAtom(name) === name ? name : `'${escapeErlangAs(name, "'", walk.sequence.unicode)}'`;
  walk.surplus += text.length - charsLength(text);
  return spent(text, walk);
}

// Control characters, quotes and the backslash; what is not Latin-1 only where that is all there is.
function escapeErlangAs(text: string, quote: '"' | "'", unicode: boolean): string {
  return text.replace(unicode ? SPECIAL : SPECIAL_OR_WIDE, (character) => {
    if (character <= "\xff") return escapeErlang(character, quote);
    return `\\x{${(character.codePointAt(0) as number).toString(16).toUpperCase()}}`;
  });
}

function binaryDoc(bytes: Uint8Array, bits: number, depth: number, walk: Walk): Doc {
  if (bytes.length === 0) return spent("<<>>", walk);
  if (depth === 1) return spent("<<...>>", walk);
  const text = walk.strings && bits === 0 ? binaryText(bytes, depth - 1, walk) : undefined;
  if (text !== undefined) return spent(text, walk);
  const last = bits === 0 ? -1 : bytes.length - 1;
  const docs: string[] = [];
  for (const byte of bytes) {
    if (docs.length >= depth - 1) break;
    const full = docs.length !== last;
    docs.push(spent(full ? String(byte) : `${byte >> (8 - bits)}:${bits}`, walk));
    spend(1, walk);
  }
  if (docs.length < bytes.length) docs.push("...");
  return new Group("<<", docs, ">>", ",");
}

// Each level of depth shows four characters. When these do not reach the end, some will do.
function binaryText(bytes: Uint8Array, depth: number, walk: Walk): string | undefined {
  const most = Math.min(4 * depth, bytes.length);
  if (most > MAX_FORMATTED) throw tooLong();
  const wide = walk.sequence.unicode ? utf8Head(bytes, most) : undefined;
  const [shown] = PRINTABLE.exec(wide ?? latin1(bytes.subarray(0, most))) as unknown as [string];
  const size = wide === undefined ? shown.length : Buffer.byteLength(shown);
  if (size < bytes.length && shown.length < depth) return undefined;
  const type = size === shown.length ? "" : "/utf8";
  return `<<"${escapeErlangAs(shown, '"', true)}"${type}${size < bytes.length ? "..." : ""}>>`;
}

function spent(text: string, walk: Walk): string {
  spend(text.length, walk);
  return text;
}

function spend(length: number, walk: Walk): void {
  walk.length += length;
  if (walk.length > MAX_FORMATTED + 5) throw tooLong();
}
