/** The bytes of a journal: a header, then records that each carry their length and checksum. */

import { crc32 } from "node:zlib";
import { packTerms, unpackTerms } from "./term-extensions.ts";

/** `beamctl`, a line feed, and the version of the format as a 32-bit integer. */
export const HEADER: Uint8Array = Uint8Array.of(
  0x62,
  0x65,
  0x61,
  0x6d,
  0x63,
  0x74,
  0x6c,
  0x0a,
  0,
  0,
  0,
  1,
);

const FRAME = 8;

/** Most bytes of one record: about a million pids. */
export const MAX_RECORD: number = 64 * 1024 * 1024;

/** One record as bytes: `u32 length`, `u32 crc32`, MessagePack. */
export function frame(record: unknown): Uint8Array {
  const body = packTerms(record);
  const bytes = new Uint8Array(FRAME + body.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  view.setUint32(4, crc32(body));
  bytes.set(body, FRAME);
  return bytes;
}

/** Where a file cannot be read on, and why. */
export interface Damage {
  /** In bytes from the start of the file. */
  readonly offset: number;
  readonly what: string;
}

/** What is in a journal file. */
export interface Frames {
  /** The records before the damage, if there is any. */
  readonly records: readonly unknown[];
  /** Where each of them begins. */
  readonly offsets: readonly number[];
  /** Where the next record goes: everything behind is a torn write, or damage. */
  readonly end: number;
  readonly damage: Damage | undefined;
}

/**
 * Reads all records. A bad frame with nothing good behind it is a write that the end of its writer tore off: it is left out. One with a good
 * frame behind it is damage, as is a header that is none.
 */
export function readFrames(bytes: Uint8Array): Frames {
  const records: unknown[] = [];
  const offsets: number[] = [];
  const differs = HEADER.findIndex((byte, at) => at < bytes.length && byte !== bytes[at]);
  if (differs >= 0) {
    const what = differs < 8 ? "it is no journal of beamctl" : "its format version is unknown";
    return { records, offsets, end: 0, damage: { offset: 0, what } };
  }
  if (bytes.length < HEADER.length) return { records, offsets, end: 0, damage: undefined };
  let offset = HEADER.length;
  let damage: Damage | undefined;
  while (offset < bytes.length) {
    const end = goodFrame(bytes, offset);
    if (end === undefined) {
      if (goodFrameBehind(bytes, offset)) {
        damage = { offset, what: "the record does not match its checksum" };
      }
      break;
    }
    try {
      records.push(unpackTerms(bytes.subarray(offset + FRAME, end)));
    } catch {
      damage = { offset, what: "the record cannot be decoded" };
      break;
    }
    offsets.push(offset);
    offset = end;
  }
  return { records, offsets, end: offset, damage };
}

/** Where the frame ends, if it is whole and its checksum is right. */
function goodFrame(bytes: Uint8Array, offset: number): number | undefined {
  if (offset + FRAME > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const length = view.getUint32(offset);
  const end = offset + FRAME + length;
  // A length of zero is what a file system leaves where data was never written.
  if (length === 0 || length > MAX_RECORD || end > bytes.length) return undefined;
  const checksum = crc32(bytes.subarray(offset + FRAME, end));
  return checksum === view.getUint32(offset + 4) ? end : undefined;
}

function goodFrameBehind(bytes: Uint8Array, bad: number): boolean {
  for (let offset = bad + 1; offset + FRAME < bytes.length; offset++) {
    // A torn record of many pids is full of what could be a length: few of them have a map behind it, and only those are summed up.
    if (isMap(bytes[offset + FRAME]) && goodFrame(bytes, offset) !== undefined) return true;
  }
  return false;
}

/** Whether a body may begin with this byte: MessagePack's fixmap, map 16, map 32. */
function isMap(byte: number | undefined): boolean {
  return byte !== undefined && ((byte & 0xf0) === 0x80 || byte === 0xde || byte === 0xdf);
}
