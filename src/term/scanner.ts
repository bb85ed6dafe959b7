/** A place in a text that is read as a term: what stands there, and the error that points at it. */

import { type Atom, atom } from "./atom.ts";
import { TermSyntaxError } from "./errors.ts";
import { MAX_SOURCE_LENGTH, MAX_TEXT_DEPTH } from "./limits.ts";

/** Characters of the text that an error shows on each side of the place. */
const AROUND = 24;

const WHITESPACE = /[\s\0]*/y;
const LINE = /[^\n]*/y;

/** What an error advises when nothing better is known. */
const ADVICE = "write one literal term; expressions, variables and calls are not evaluated";

/** Reads forward through `source`; every failure is a {@link TermSyntaxError}. */
export class Scanner {
  readonly source: string;
  offset = 0;
  readonly #comment: RegExp;
  #depth = 0;

  /** `comment` is sticky and matches where a comment to the end of the line begins. */
  constructor(source: string, comment: RegExp) {
    this.source = source;
    this.#comment = comment;
    if (source.length > MAX_SOURCE_LENGTH) {
      this.fail(`a text of at most ${MAX_SOURCE_LENGTH} characters`);
    }
  }

  /** The character here, or `""` at the end. */
  get next(): string {
    return this.source.charAt(this.offset);
  }

  /** Skips white space and comments. */
  space(): void {
    do this.match(WHITESPACE);
    while (this.match(this.#comment) !== undefined && this.match(LINE) !== undefined);
  }

  /** What a sticky pattern matches here, stepping over it; `undefined` when it does not match. */
  match(sticky: RegExp): RegExpExecArray | undefined {
    sticky.lastIndex = this.offset;
    const found = sticky.exec(this.source);
    if (found === null) return undefined;
    this.offset += found[0].length;
    return found;
  }

  /** Steps over `text` if it stands here. */
  take(text: string): boolean {
    if (!this.source.startsWith(text, this.offset)) return false;
    this.offset += text.length;
    return true;
  }

  /** Skips white space, then steps over `text`, which has to stand there. */
  expect(text: string, remedy?: string): void {
    this.space();
    if (!this.take(text)) this.fail(`"${text}"`, { remedy });
  }

  /** Reads something nested, unless the nesting is too deep already. */
  nested<Result>(read: () => Result): Result {
    if (this.#depth >= MAX_TEXT_DEPTH) this.fail(`at most ${MAX_TEXT_DEPTH} levels of nesting`);
    this.#depth += 1;
    const result = read();
    this.#depth -= 1;
    return result;
  }

  /** The atom of this name, which began at `offset`. */
  atom(name: string, offset: number): Atom {
    if (/\p{Surrogate}/u.test(name)) this.fail("an atom in valid Unicode", { offset });
    if (name.length > 255 && [...name].length > 255) {
      this.fail("an atom of at most 255 characters", { offset });
    }
    return atom(name);
  }

  /** Throws the error that says what was expected at `offset`, by default here. */
  fail(
    expected: string,
    at: { offset?: number | undefined; remedy?: string | undefined } = {},
  ): never {
    const { offset = this.offset, remedy = ADVICE } = at;
    const before = oneLine(this.source.slice(Math.max(0, offset - AROUND), offset));
    const after = oneLine(this.source.slice(offset, offset + AROUND));
    const place = after === "" ? "the end" : `"${after}"`;
    const behind = before === "" ? "" : ` after "${before}"`;
    const found = `expected ${expected}, found ${place}${behind}`;
    throw new TermSyntaxError(`${found} (character ${offset + 1})`, offset, remedy);
  }
}

function oneLine(text: string): string {
  return text.replace(/[\p{C}\s]+/gu, " ");
}
