/** Writes results to standard output in the format asked for, and everything else to standard error. */

import { styleText } from "node:util";
import { inspect, type Term } from "../../term/index.ts";
import { type Format, formatOf, type Globals } from "../globals.ts";
import { type Json, termToJson } from "./json.ts";
import { plain } from "./plain.ts";
import { type Branch, type Column, table, tree } from "./rows.ts";

/** Lists are cut at this many items for people; never when piped. */
const SHOWN = 50;

/** The one way out of a command. */
export class Printer {
  readonly format: Format;
  readonly #globals: Globals;
  readonly #out: NodeJS.WriteStream;
  readonly #err: NodeJS.WriteStream;

  constructor(
    globals: Globals,
    streams: { out: NodeJS.WriteStream; err: NodeJS.WriteStream } = {
      out: process.stdout,
      err: process.stderr,
    },
  ) {
    this.#globals = globals;
    this.format = formatOf(globals);
    this.#out = streams.out;
    this.#err = streams.err;
  }

  /** Whether results go to a person's terminal. */
  get interactive(): boolean {
    return this.#out.isTTY === true;
  }

  /** A result that is one term: Elixir syntax unless another format is asked for. */
  term(term: Term, node?: string): void {
    if (this.format === "json" || this.format === "ndjson") {
      this.#line(this.#json(termToJson(term)));
      return;
    }
    const syntax = this.format === "erlang" ? "erlang" : "elixir";
    this.#line(
      inspect(term, {
        syntax,
        ...(node === undefined ? {} : { node }),
        ...(this.interactive ? { limit: SHOWN, width: this.#out.columns ?? 80 } : {}),
      }),
    );
  }

  /** A result that is rows. `toJson` gives each row's documented fields. */
  rows<Row>(
    rows: readonly Row[],
    columns: readonly Column<Row>[],
    toJson: (row: Row) => Json,
    empty: string,
  ): void {
    if (this.format === "ndjson") {
      for (const row of rows) this.#line(JSON.stringify(toJson(row)));
    } else if (this.format === "json") {
      this.#line(this.#json(rows.map(toJson)));
    } else if (rows.length === 0) {
      this.note(empty);
    } else {
      const headers = this.#globals.headers;
      const shown = this.interactive ? rows.slice(0, SHOWN) : rows;
      this.#line(table(shown, columns, { headers, bold: (text) => this.style("bold", text) }));
      const hidden = rows.length - shown.length;
      if (hidden > 0) this.note(`${hidden} more; a pipe or -o ndjson gets all of them`);
    }
  }

  /** An empty line between two results for people. */
  gap(): void {
    this.#line("");
  }

  /** A result that is one record: aligned lines, or an object. */
  record(fields: { readonly [name: string]: Json }): void {
    if (this.format === "json" || this.format === "ndjson") {
      this.#line(this.#json(fields));
      return;
    }
    const width = Math.max(...Object.keys(fields).map((name) => name.length));
    for (const [name, value] of Object.entries(fields)) {
      const shown = plain(typeof value === "object" ? JSON.stringify(value) : String(value));
      this.#line(`${this.style("bold", name.padEnd(width))}  ${shown}`);
    }
  }

  /** A result that is a tree. */
  tree(root: Branch, toJson: () => Json): void {
    if (this.format === "json" || this.format === "ndjson") this.#line(this.#json(toJson()));
    else this.#line(tree(root));
  }

  /** A line for people on standard error. */
  note(text: string): void {
    if (this.#globals.quiet !== true) this.#err.write(`${plain(text)}\n`);
  }

  /** Text in a style, where colours are wanted. */
  style(style: Parameters<typeof styleText>[0], text: string): string {
    const { color } = this.#globals;
    if (color === "never") return text;
    if (color === "always") return styleText(style, text, { validateStream: false });
    return styleText(style, text, { stream: this.#out });
  }

  #json(value: Json): string {
    return JSON.stringify(value, null, this.interactive && this.format === "json" ? 2 : 0);
  }

  #line(text: string): void {
    this.#out.write(`${text}\n`);
  }
}
