/** Text of others in a page: topics, names and log lines come from clients and from the node. */

const NAMES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** The text for an element or for a quoted attribute: nothing of it is markup, and nothing of it turns or hides what stands beside it. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => NAMES[character] ?? "");
}

/** Control characters, and those that change the direction of text or cannot be seen, written out as `\u{1b}`. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
