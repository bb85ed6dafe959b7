/** Text that comes in pieces, as a terminal would leave it: lines, and a countdown that overwrites itself. */

/** Most characters of a line that has no end yet. */
const MOST = 16_384;

/** Joins pieces to lines. */
export class Lines {
  #open = "";

  /** The lines that this piece completes; empty ones are left out. */
  add(text: string): string[] {
    const parts = `${this.#open}${text}`.split("\n");
    this.#open = (parts.pop() as string).slice(-MOST);
    return parts.map(shown).filter((line) => line !== "");
  }

  /** What can be seen of the line that has no end yet. */
  get open(): string {
    return shown(this.#open);
  }
}

// After a carriage return the line is written anew.
function shown(line: string): string {
  return line.trimEnd().split("\r").at(-1)?.trimEnd() ?? "";
}
