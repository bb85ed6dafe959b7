/** Integers beyond 32 bits and floats, from bytes. erl_ext_dist: SMALL_BIG_EXT, LARGE_BIG_EXT, NEW_FLOAT_EXT, FLOAT_EXT. */

import { Float } from "../term/index.ts";
import type { Cursor } from "./cursor.ts";

const eight = new Uint8Array(8);
const asFloat = new DataView(eight.buffer);
/** What `%.20e` writes, which is what nodes before R11 sent. */
const FLOAT_TEXT = /^ *[+-]?\d+\.\d+(?:e[+-]?\d+)?\0*$/i;
const FLOAT_TEXT_BYTES = 31;

/** `Sign:1 Magnitude:length`, least significant byte first: a `number` when it is safe, else a `bigint`. @throws DecodeError */
export function readBig(cursor: Cursor, length: number, maxBytes: number): number | bigint {
  if (length > maxBytes) {
    throw cursor.fail(`an integer of ${length} bytes, over ${maxBytes}`, "Raise maxBigBytes.");
  }
  const sign = cursor.u8();
  if (sign > 1) throw cursor.fail(`${sign} as the sign of an integer`);
  const from = cursor.skip(length);
  const { bytes } = cursor;
  if (length <= 6) {
    let value = 0;
    for (let at = from + length - 1; at >= from; at--) value = value * 256 + (bytes[at] as number);
    return sign === 0 || value === 0 ? value : -value;
  }
  // Hexadecimal, since it is the one form that BigInt reads in linear time.
  const hex = Buffer.from(bytes.subarray(from, from + length))
    .reverse()
    .toString("hex");
  const value = BigInt(`0x${hex}`);
  const small = Number(value);
  if (Number.isSafeInteger(small)) return sign === 0 || small === 0 ? small : -small;
  return sign === 0 ? value : -value;
}

/** `IEEE:8`. @throws DecodeError when it is not finite, which no term is */
export function readFloat(cursor: Cursor): Float {
  const from = cursor.skip(8);
  for (let at = 0; at < 8; at++) eight[at] = cursor.bytes[from + at] as number;
  return finite(cursor, asFloat.getFloat64(0));
}

/** `Text:31`. @throws DecodeError */
export function readFloatText(cursor: Cursor): Float {
  const from = cursor.skip(FLOAT_TEXT_BYTES);
  const text = String.fromCharCode(...cursor.bytes.subarray(from, from + FLOAT_TEXT_BYTES));
  if (!FLOAT_TEXT.test(text)) throw cursor.fail("the text of a float that is none");
  return finite(cursor, Number(text.replaceAll("\0", "")));
}

function finite(cursor: Cursor, value: number): Float {
  if (!Number.isFinite(value)) throw cursor.fail("a float that is not finite");
  return new Float(value);
}
