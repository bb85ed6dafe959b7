/** Text of others on a terminal: topics are chosen by clients, names and reasons by the node. */

/** The text with all that could move, colour or turn a terminal written out, as `\u{1b}`. */
export function plain(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
