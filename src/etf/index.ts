/**
 * External Term Format: terms as bytes.
 * @module beamctl/etf
 */

export { AtomTable } from "./atom-table.ts";
export { decode } from "./decode.ts";
export type { Destination } from "./destination.ts";
export { encode } from "./encode.ts";
export { DecodeError, EncodeError } from "./errors.ts";
export { DEFAULT_LIMITS, type DecodeLimits } from "./limits.ts";
export { TermReader } from "./reader.ts";
export { TermWriter } from "./writer.ts";
