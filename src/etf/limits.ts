/** What a decoder accepts at most, so that bytes from outside cannot make it grow or recurse without end. */

/** Limits of decoding; all are checked before anything is allocated. */
export interface DecodeLimits {
  /** Bytes of one encoded term. */
  readonly maxBytes: number;
  /** How deep tuples, lists, maps and funs may nest. */
  readonly maxDepth: number;
  /** Elements of tuples, lists and maps, all together. */
  readonly maxElements: number;
  /** Bytes of one big integer. */
  readonly maxBigBytes: number;
  /** Bytes that a compressed term may inflate to. */
  readonly maxInflatedBytes: number;
}

export const DEFAULT_LIMITS: DecodeLimits = {
  maxBytes: 256 * 1024 * 1024,
  maxDepth: 1000,
  maxElements: 16 * 1024 * 1024,
  maxBigBytes: 64 * 1024,
  maxInflatedBytes: 16 * 1024 * 1024,
};
