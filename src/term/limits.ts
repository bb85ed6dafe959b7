/** The bounds of printing and reading terms as text: whatever the input, the work ends soon. */

/** Deepest nesting that is printed or read; deeper terms are printed with `...`. */
export const MAX_TEXT_DEPTH = 512;

/** Longest text that is read as a term, in UTF-16 units. */
export const MAX_SOURCE_LENGTH: number = 16 * 1024 * 1024;

/** Most digits of one integer that is read. */
export const MAX_INTEGER_DIGITS = 100_000;

/** Largest binary that `<<...>>` may describe, in bytes: sizes could ask for any amount. */
export const MAX_BINARY_BYTES: number = 16 * 1024 * 1024;

/** Characters of a text that are printed where a limit is set, as IEx's `printable_limit`. */
export const PRINTED_CHARACTERS = 4096;
