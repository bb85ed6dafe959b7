/** Erlang's literals. */

import type { Atom } from "./atom.ts";
import { BitWriter } from "./bit-writer.ts";
import { ERLANG_RESERVED } from "./erlang-names.ts";
import { erlangNumber, startsNumber } from "./literal-number.ts";
import { character, erlangEscape, erlangString } from "./literal-text.ts";
import { identity, type ParseContext, startsIdentity, variable } from "./parse-context.ts";
import { Scanner } from "./scanner.ts";
import { erlangSpec, writeSegment } from "./segments.ts";
import type { Term } from "./term.ts";
import { TermMap } from "./term-map.ts";
import { binary, charlist } from "./text.ts";
import { ExternalFun, listWithTail, Tuple } from "./values.ts";

const COMMENT = /%/y;
const ATOM = /[a-z\u00df-\u00f6\u00f8-\u00ff][\w@\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]*/y;
const FUN = /fun(?![\w@])/y;
const VARIABLE = /[A-Z_\u00c0-\u00d6\u00d8-\u00de]/;
const VARIABLE_NAME =
  /[A-Z_\u00c0-\u00d6\u00d8-\u00de][\w@\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]*/y;
const ARITY = /[0-9]{1,3}/y;

/** Reads one Erlang term. */
export class ErlangParser {
  readonly #scanner: Scanner;
  readonly #context: ParseContext;

  constructor(source: string, context: ParseContext) {
    this.#scanner = new Scanner(source, COMMENT);
    this.#context = context;
  }

  /** The whole text as one term, perhaps with a full stop. */
  whole(): Term {
    const scanner = this.#scanner;
    const term = this.#value();
    scanner.space();
    scanner.take(".");
    scanner.space();
    if (scanner.next !== "") scanner.fail("the end of the term");
    return term;
  }

  #value(): Term {
    const scanner = this.#scanner;
    scanner.space();
    if (startsNumber(scanner)) return erlangNumber(scanner);
    if (startsIdentity(scanner)) return identity(scanner, this.#context);
    if (scanner.take("<<")) return scanner.nested(() => this.#binary());
    if (scanner.take("[")) return scanner.nested(() => this.#list());
    if (scanner.take("{")) return scanner.nested(() => new Tuple(this.#sequence("}")));
    if (scanner.take("#{")) return scanner.nested(() => this.#map());
    if (scanner.next === '"') return charlist(this.#strings());
    if (scanner.take('~"')) return binary(erlangString(scanner, '"'));
    // A hole begins like a character.
    const found = variable(scanner, this.#context, VARIABLE_NAME);
    if (found !== undefined) return found;
    if (scanner.take("$")) return character(scanner, erlangEscape);
    if (scanner.match(FUN)) return this.#fun();
    return this.#atom();
  }

  #atom(): Atom {
    const scanner = this.#scanner;
    scanner.space();
    const offset = scanner.offset;
    if (scanner.take("'")) return scanner.atom(erlangString(scanner, "'"), offset);
    const name = scanner.match(ATOM)?.[0];
    if (name !== undefined && !ERLANG_RESERVED.has(name)) return scanner.atom(name, offset);
    if (name !== undefined) {
      return scanner.fail("a term", { offset, remedy: `write '${name}' for the atom` });
    }
    if (VARIABLE.test(scanner.next)) {
      return scanner.fail("a term, not a variable", {
        remedy: "put the name of an atom in quotes",
      });
    }
    const closure = scanner.source.startsWith("#Fun", offset);
    return scanner.fail("a term", closure ? { remedy: "a closure cannot be written" } : {});
  }

  /** Strings side by side are one string. */
  #strings(): string {
    const parts: string[] = [];
    while (this.#scanner.take('"')) {
      parts.push(erlangString(this.#scanner, '"'));
      this.#scanner.space();
    }
    return parts.join("");
  }

  #list(): Term {
    const scanner = this.#scanner;
    const items = this.#sequence("]", "|");
    if (scanner.source[scanner.offset - 1] === "]") return items;
    const tail = this.#value();
    scanner.expect("]");
    return listWithTail(items, tail);
  }

  #map(): Term {
    const pairs: [Term, Term][] = [];
    if (this.#closed("}")) return new TermMap();
    do {
      const key = this.#value();
      this.#arrow();
      pairs.push([key, this.#value()]);
    } while (this.#comma("}"));
    return new TermMap(pairs);
  }

  #arrow(): void {
    const scanner = this.#scanner;
    scanner.space();
    if (this.#context.variable === undefined || !scanner.take(":=")) scanner.expect("=>");
  }

  #fun(): Term {
    const scanner = this.#scanner;
    const remedy = "only fun module:name/arity can be written";
    const module = this.#atom();
    scanner.expect(":", remedy);
    const name = this.#atom();
    scanner.expect("/", remedy);
    scanner.space();
    const arity = Number(scanner.match(ARITY)?.[0] ?? scanner.fail("an arity"));
    if (arity > 255) scanner.fail("an arity of at most 255");
    return new ExternalFun(module, name, arity);
  }

  #binary(): Term {
    const scanner = this.#scanner;
    const writer = new BitWriter();
    if (this.#closed(">>")) return writer.finish();
    do {
      scanner.space();
      const offset = scanner.offset;
      const value = this.#value();
      const spec = { type: "integer" as const, ...erlangSpec(scanner) };
      // A string stands for its characters, each a segment of its own.
      const text = scanner.source[offset] === '"';
      for (const part of text ? (value as readonly Term[]) : [value]) {
        writeSegment(scanner, writer, part, spec, offset);
      }
    } while (this.#comma(">>"));
    return writer.finish();
  }

  /** The terms up to `close` or `bar`, which is stepped over. */
  #sequence(close: string, bar?: string): Term[] {
    const items: Term[] = [];
    if (this.#closed(close)) return items;
    do items.push(this.#value());
    while (this.#comma(close, bar));
    return items;
  }

  #closed(close: string): boolean {
    this.#scanner.space();
    return this.#scanner.take(close);
  }

  /** Whether a comma follows; if not, `close` or `bar` has to, and is stepped over. */
  #comma(close: string, bar?: string): boolean {
    const scanner = this.#scanner;
    scanner.space();
    if (scanner.take(",")) return true;
    if (scanner.take(close) || (bar !== undefined && scanner.take(bar))) return false;
    return scanner.fail(`"," or "${close}"`);
  }
}
