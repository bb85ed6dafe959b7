/** Decodes a term that stands alone, as `term_to_binary` makes it, compressed or not. */

import { inflateSync } from "node:zlib";
import type { Term } from "../term/index.ts";
import { Cursor } from "./cursor.ts";
import { DecodeError } from "./errors.ts";
import { DEFAULT_LIMITS, type DecodeLimits } from "./limits.ts";
import { TermReader } from "./reader.ts";
import { TAG, VERSION } from "./tags.ts";

/**
 * The term of these bytes, as `erlang:binary_to_term/1`: `131 Term`, or `131 80 Size:4 Zlib`. Every byte must belong to it.
 * @param limits bounds of time and memory; those not given are {@link DEFAULT_LIMITS}
 * @throws DecodeError with the `offset` (within what was inflated, if it was compressed)
 * @throws LimitError when this process holds too many different atoms
 * @example
 * import { decode } from "beamctl/etf";
 *
 * const bytes = Uint8Array.of(131, 104, 2, 119, 2, 111, 107, 97, 1);
 * decode(bytes, { maxBytes: 1024 }); // => {:ok, 1}
 */
export function decode(bytes: Uint8Array, limits?: Partial<DecodeLimits>): Term {
  const all = limits === undefined ? DEFAULT_LIMITS : { ...DEFAULT_LIMITS, ...limits };
  if (bytes[0] !== VERSION) throw new DecodeError("a term begins with the byte 131", 0);
  const reader =
    bytes[1] === TAG.COMPRESSED
      ? new TermReader(inflate(bytes, all), 0, all)
      : new TermReader(bytes, 1, all);
  const term = reader.read();
  const left = reader.bytes.length - reader.offset;
  if (left > 0) throw reader.fail(`${left} bytes behind the term`);
  return term;
}

function inflate(bytes: Uint8Array, limits: DecodeLimits): Uint8Array {
  const { maxBytes, maxInflatedBytes } = limits;
  const cursor = new Cursor(bytes, 2);
  if (bytes.length > maxBytes) throw cursor.fail(`over ${maxBytes} bytes`, "Raise maxBytes.");
  const size = cursor.u32();
  if (size > maxInflatedBytes) {
    const problem = `a compressed term of ${size} bytes, over ${maxInflatedBytes}`;
    throw cursor.fail(problem, "Raise maxInflatedBytes.");
  }
  const input = cursor.bytes.subarray(cursor.offset);
  const { inflated, used } = unzip(cursor, input, Math.max(size, 1));
  if (inflated.length !== size) {
    throw cursor.fail(`a compressed term of ${inflated.length} bytes instead of ${size}`);
  }
  if (used !== input.length) throw cursor.fail("bytes behind a compressed term");
  return inflated;
}

function unzip(
  cursor: Cursor,
  input: Uint8Array,
  maxOutputLength: number,
): { inflated: Uint8Array; used: number } {
  try {
    // With `info` the answer also has the stream, whose count is the only way to see what follows the data.
    const { buffer, engine } = inflateSync(input, { maxOutputLength, info: true }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    return { inflated: buffer, used: engine.bytesWritten };
  } catch {
    throw cursor.fail("compressed bytes that are damaged or longer than they say");
  }
}
