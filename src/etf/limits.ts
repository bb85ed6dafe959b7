/** What a decoder accepts at most, so that bytes from outside cannot make it grow or recurse without end. */

/** Deepest nesting that is decoded or encoded: it takes less than half of Node's default stack (see README). */
export const MAX_DEPTH = 1000;

/** Most elements of a tuple on a node. */
export const MAX_TUPLE = 16_777_215;

/** Bytes of the largest integer on a node: 65,535 words. */
export const MAX_BIG_BYTES = 524_280;

/** Limits of decoding; each is checked before anything is allocated for what it bounds. */
export interface DecodeLimits {
  /** Bytes of one encoded term. Default 256 MiB. */
  readonly maxBytes: number;
  /** How deep tuples, lists, maps and funs may nest. Default, and at most, 1000. */
  readonly maxDepth: number;
  /** Elements of tuples, lists and maps, all together; never more than there are bytes. Default 4 Mi, some 300 MB of heap. */
  readonly maxElements: number;
  /** Bytes of one big integer. Default 524,280, the most that a node has. */
  readonly maxBigBytes: number;
  /** Bytes that a compressed term may inflate to. Default 16 MiB. */
  readonly maxInflatedBytes: number;
  /**
   * Binaries of at least so many bytes are views of the input, shorter ones are copies that do not keep it alive. Default 4096;
   * 0 makes all views, `Infinity` all copies.
   */
  readonly viewFrom: number;
}

/** The limits that are used where none are given. */
export const DEFAULT_LIMITS: DecodeLimits = {
  maxBytes: 256 * 1024 * 1024,
  maxDepth: MAX_DEPTH,
  maxElements: 4 * 1024 * 1024,
  maxBigBytes: MAX_BIG_BYTES,
  maxInflatedBytes: 16 * 1024 * 1024,
  viewFrom: 4096,
};
