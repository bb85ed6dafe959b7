/** Integers and floats. erl_ext_dist: SMALL_INTEGER_EXT, INTEGER_EXT, SMALL_BIG_EXT, LARGE_BIG_EXT, NEW_FLOAT_EXT, FLOAT_EXT. */

import { Float } from "../term/index.ts";
import type { Cursor } from "./cursor.ts";
import { MAX_BIG_BYTES } from "./limits.ts";
import { Refusal, whyNoTerm } from "./refusal.ts";
import { putU32, type Sink } from "./sink.ts";
import { TAG } from "./tags.ts";

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

/** The shortest tag for this integer, as nodes choose it. @throws Refusal when it is no safe integer */
export function writeNumber(sink: Sink, value: number): void {
  sink.room(5);
  const { bytes, at } = sink;
  if ((value & 0xff) === value) {
    bytes[at] = TAG.SMALL_INTEGER;
    bytes[at + 1] = value;
    sink.at = at + 2;
  } else if ((value | 0) === value) {
    bytes[at] = TAG.INTEGER;
    putU32(bytes, at + 1, value);
    sink.at = at + 5;
  } else if (Number.isSafeInteger(value)) {
    writeBig(sink, BigInt(value));
  } else {
    throw whyNoTerm(value);
  }
}

/** @throws Refusal when a node has no integers of this size */
export function writeBigint(sink: Sink, value: bigint): void {
  const small = Number(value);
  if (Number.isSafeInteger(small)) writeNumber(sink, small);
  else writeBig(sink, value);
}

function writeBig(sink: Sink, value: bigint): void {
  const digits = (value < 0n ? -value : value).toString(16);
  const magnitude = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex").reverse();
  const { length } = magnitude;
  if (length > MAX_BIG_BYTES) {
    throw new Refusal(`an integer of ${length} bytes`, `Nodes have up to ${MAX_BIG_BYTES} bytes.`);
  }
  if (length < 256) {
    sink.u8(TAG.SMALL_BIG);
    sink.u8(length);
  } else {
    sink.u8(TAG.LARGE_BIG);
    sink.u32(length);
  }
  sink.u8(value < 0n ? 1 : 0);
  sink.raw(magnitude);
}

/** @throws Refusal when it is not finite */
export function writeFloat(sink: Sink, { value }: Float): void {
  if (!Number.isFinite(value)) throw whyNoTerm(value);
  asFloat.setFloat64(0, value);
  sink.u8(TAG.NEW_FLOAT);
  sink.raw(eight);
}
