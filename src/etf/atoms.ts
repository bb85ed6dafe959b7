/** Atoms: from bytes to the one object of a name without making a string when it is met again, and back. */

import { Atom, atom, atomCount } from "../term/index.ts";
import type { Cursor } from "./cursor.ts";
import { whyNoTerm } from "./refusal.ts";
import type { Sink } from "./sink.ts";
import { TAG } from "./tags.ts";

/** Most characters of an atom, and most bytes that they take. */
const MAX_CHARACTERS = 255;
const MAX_BYTES = MAX_CHARACTERS * 4;

/** The last atom met for each hash; a newer one takes the place of an older, so the table never grows. */
const SLOTS = 4096;
const met: (Atom | undefined)[] = new Array(SLOTS).fill(undefined);

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The atom of the next `length` bytes, which are UTF-8. @throws DecodeError */
export function readUtf8Atom(cursor: Cursor, length: number): Atom {
  const from = cursor.skip(length);
  const { bytes } = cursor;
  const end = from + length;
  let hash = length;
  for (let at = from; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  const known = met[slot];
  if (known !== undefined && matches(known.utf8, bytes, from, length)) return known;
  const made = counted(cursor, utf8Name(cursor, from, length));
  met[slot] = made;
  return made;
}

/** The atom of the next `length` bytes, which are Latin-1: a tag of old nodes. @throws DecodeError */
export function readLatin1Atom(cursor: Cursor, length: number): Atom {
  if (length > MAX_CHARACTERS) throw cursor.fail(`an atom of ${length} characters`);
  const from = cursor.skip(length);
  return counted(cursor, String.fromCharCode(...cursor.bytes.subarray(from, from + length)));
}

/** The atom that must stand here, whatever its tag; `cached` has those of the distribution header. @throws DecodeError */
export function readAtom(cursor: Cursor, cached: readonly Atom[]): Atom {
  const tag = cursor.u8();
  switch (tag) {
    case TAG.ATOM_CACHE_REF:
      return readCachedAtom(cursor, cached);
    case TAG.SMALL_ATOM_UTF8:
      return readUtf8Atom(cursor, cursor.u8());
    case TAG.ATOM_UTF8:
      return readUtf8Atom(cursor, cursor.u16());
    case TAG.SMALL_ATOM:
      return readLatin1Atom(cursor, cursor.u8());
    case TAG.ATOM:
      return readLatin1Atom(cursor, cursor.u16());
    default:
      cursor.offset--;
      throw cursor.fail(`tag ${tag} where an atom must stand`);
  }
}

/** The atom that the distribution header has at this index. @throws DecodeError */
export function readCachedAtom(cursor: Cursor, cached: readonly Atom[]): Atom {
  const index = cursor.u8();
  const found = cached[index];
  if (found === undefined) throw cursor.fail(`the header has no atom ${index}`);
  return found;
}

/** @throws Refusal when this is no atom, which only JavaScript callers can do */
export function writeAtom(sink: Sink, value: Atom): void {
  if (!(value instanceof Atom)) throw whyNoTerm(value);
  const number = sink.atoms?.numberOf(value);
  if (number !== undefined) {
    sink.room(2);
    sink.bytes[sink.at++] = TAG.ATOM_CACHE_REF;
    sink.bytes[sink.at++] = number;
    return;
  }
  const { utf8 } = value;
  const { length } = utf8;
  sink.room(length + 3);
  const { bytes } = sink;
  let { at } = sink;
  if (length < 256) {
    bytes[at++] = TAG.SMALL_ATOM_UTF8;
  } else {
    bytes[at++] = TAG.ATOM_UTF8;
    bytes[at++] = length >>> 8;
  }
  bytes[at++] = length;
  for (let index = 0; index < length; index++) bytes[at++] = utf8[index] as number;
  sink.at = at;
}

// Atoms are never freed: who sends many new ones is watched.
function counted({ sender }: Cursor, name: string): Atom {
  const before = atomCount();
  const made = atom(name);
  if (sender !== undefined && atomCount() > before) sender.newAtoms += 1;
  return made;
}

function matches(known: Uint8Array, bytes: Uint8Array, from: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let at = 0; at < length; at++) if (known[at] !== bytes[from + at]) return false;
  return true;
}

function utf8Name(cursor: Cursor, from: number, length: number): string {
  if (length > MAX_BYTES) throw cursor.fail(`an atom of ${length} bytes`);
  let name: string;
  try {
    name = strict.decode(cursor.bytes.subarray(from, from + length));
  } catch {
    throw cursor.fail("an atom that is not UTF-8");
  }
  if (name.length > MAX_CHARACTERS && [...name].length > MAX_CHARACTERS) {
    throw cursor.fail(`an atom of ${[...name].length} characters`);
  }
  return name;
}
