/** External Term Format. */
import { inflateSync } from "node:zlib";
import type { Term } from "../term/index.ts";
import { DecodeError } from "./errors.ts";
import { DEFAULT_LIMITS, type DecodeLimits } from "./limits.ts";
import { TermReader } from "./reader.ts";
import { TAG, VERSION } from "./tags.ts";
import { TermWriter } from "./writer.ts";

export { DecodeError, EncodeError } from "./errors.ts";
export { DEFAULT_LIMITS, type DecodeLimits } from "./limits.ts";
export { TermReader } from "./reader.ts";
export { TermWriter } from "./writer.ts";

export function encode(term: Term): Uint8Array {
  const writer = new TermWriter();
  writer.u8(VERSION);
  writer.write(term);
  const parts = writer.parts();
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts);
}

export function decode(bytes: Uint8Array, given: Partial<DecodeLimits> = {}): Term {
  const limits = { ...DEFAULT_LIMITS, ...given };
  if (bytes[0] !== VERSION) throw new DecodeError("a term begins with 131", 0);
  let source = bytes;
  let offset = 1;
  if (bytes[1] === TAG.COMPRESSED) {
    if (bytes.length < 6) throw new DecodeError("the bytes end too early", bytes.length);
    const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(2);
    if (size > limits.maxInflatedBytes) throw new DecodeError(`inflates to ${size} bytes`, 2);
    try {
      source = inflateSync(bytes.subarray(6), { maxOutputLength: Math.max(size, 1) });
    } catch {
      throw new DecodeError("the compressed bytes are damaged", 6);
    }
    if (source.length !== size) throw new DecodeError("it inflates to another size", 2);
    offset = 0;
  }
  const reader = new TermReader(source, offset, limits);
  const term = reader.read();
  if (reader.offset !== source.length) throw new DecodeError("bytes are left over", reader.offset);
  return term;
}
