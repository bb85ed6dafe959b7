/** Elixir's literals. */

import { type Atom, atom } from "./atom.ts";
import { BitWriter } from "./bit-writer.ts";
import {
  atomLiteral,
  capture,
  constant,
  keyHere,
  moduleAlias,
  startsCapture,
} from "./elixir-tokens.ts";
import { elixirNumber, startsNumber } from "./literal-number.ts";
import { character, elixirBytes, elixirEscape, elixirString } from "./literal-text.ts";
import { identity, type ParseContext, startsIdentity, variable } from "./parse-context.ts";
import { Scanner } from "./scanner.ts";
import { elixirSpec, writeSegment } from "./segments.ts";
import type { Term } from "./term.ts";
import { TermMap } from "./term-map.ts";
import { charlist } from "./text.ts";
import { listWithTail, Tuple } from "./values.ts";

const COMMENT = /#(?!(PID|Port|Reference|Ref|Function|Fun)<)/y;
const SIGIL = /~([cs])(["'([{<|/])/y;
const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}", "<": ">" };
const VARIABLE =
  /(?!(?:nil|true|false|fn|do|end|not|and|or|in|when)(?![\p{XID_Continue}?!]))[\p{Ll}\p{Lo}_]\p{XID_Continue}*[?!]?/uy;
const STRUCT = atom("__struct__");

/** What stands between brackets: values first, then `key: value` pairs. */
interface Items {
  values: Term[];
  pairs: [Atom, Term][];
  /** Whether they ended with the bar before a tail. */
  bar: boolean;
}

/** Reads one Elixir term. */
export class ElixirParser {
  readonly #scanner: Scanner;
  readonly #context: ParseContext;

  constructor(source: string, context: ParseContext) {
    this.#scanner = new Scanner(source, COMMENT);
    this.#context = context;
  }

  /** The whole text as one term. */
  whole(): Term {
    const term = this.#value();
    this.#scanner.space();
    if (this.#scanner.next !== "") this.#scanner.fail("the end of the term");
    return term;
  }

  #value(): Term {
    const scanner = this.#scanner;
    scanner.space();
    if (startsNumber(scanner)) return elixirNumber(scanner);
    if (startsIdentity(scanner)) return identity(scanner, this.#context);
    if (scanner.take("<<")) return scanner.nested(() => this.#binary());
    if (scanner.take("[")) return scanner.nested(() => this.#list());
    if (scanner.take("{")) return scanner.nested(() => this.#tuple());
    if (scanner.take('"')) return elixirBytes(scanner, '"');
    if (scanner.take("'")) return charlist(elixirString(scanner, "'"));
    if (scanner.take("?")) return character(scanner, elixirEscape);
    if (scanner.next === ":") return atomLiteral(scanner);
    if (scanner.next === "%") return scanner.nested(() => this.#map());
    if (scanner.next === "~") return this.#sigil();
    if (startsCapture(scanner)) return capture(scanner);
    return variable(scanner, this.#context, VARIABLE) ?? moduleAlias(scanner) ?? constant(scanner);
  }

  #sigil(): Term {
    const scanner = this.#scanner;
    const [, letter, open = ""] = scanner.match(SIGIL) ?? scanner.fail('a sigil such as ~c"text"');
    const close = CLOSING[open] ?? open;
    return letter === "c" ? charlist(elixirString(scanner, close)) : elixirBytes(scanner, close);
  }

  #list(): Term {
    const { values, pairs, bar } = this.#items("]");
    const items = [...values, ...pairs.map((pair) => new Tuple(pair))];
    if (!bar) return items;
    const tail = this.#value();
    this.#scanner.expect("]");
    return listWithTail(items, tail);
  }

  #tuple(): Term {
    const { values, pairs } = this.#items("}");
    // {:ok, a: 1} is {:ok, [a: 1]}.
    if (pairs.length > 0) values.push(pairs.map((pair) => new Tuple(pair)));
    return new Tuple(values);
  }

  #map(): Term {
    const scanner = this.#scanner;
    scanner.expect("%");
    const struct = moduleAlias(scanner);
    scanner.expect("{", "maps are written %{key: value} or %{key => value}");
    const known: [Term, Term][] = struct === undefined ? [] : [[STRUCT, struct]];
    while (!this.#closed("}")) {
      const key = keyHere(scanner);
      if (key !== undefined) {
        known.push([key, this.#value()]);
      } else {
        const left = this.#value();
        scanner.expect("=>");
        known.push([left, this.#value()]);
      }
      if (!this.#comma("}")) break;
    }
    return new TermMap(known);
  }

  #binary(): Term {
    const scanner = this.#scanner;
    const writer = new BitWriter();
    while (!this.#closed(">>")) {
      const offset = scanner.offset;
      const value = this.#value();
      scanner.space();
      const spec = scanner.take("::") ? elixirSpec(scanner) : {};
      writeSegment(scanner, writer, value, spec, offset);
      if (!this.#comma(">>")) break;
    }
    return writer.finish();
  }

  /** What stands up to `close`, or in a list up to the bar before its tail; that sign is stepped over. */
  #items(close: "]" | "}"): Items {
    const scanner = this.#scanner;
    const items: Items = { values: [], pairs: [], bar: false };
    while (!this.#closed(close)) {
      const offset = scanner.offset;
      const key = keyHere(scanner);
      if (key !== undefined) items.pairs.push([key, this.#value()]);
      else if (items.pairs.length > 0) scanner.fail("another key: value pair", { offset });
      else items.values.push(this.#value());
      scanner.space();
      items.bar = close === "]" && scanner.take("|");
      if (items.bar || !this.#comma(close)) break;
    }
    return items;
  }

  #closed(close: string): boolean {
    this.#scanner.space();
    return this.#scanner.take(close);
  }

  /** Whether a comma follows; if not, `close` has to, and is stepped over. */
  #comma(close: string): boolean {
    const scanner = this.#scanner;
    scanner.space();
    if (scanner.take(",")) return true;
    if (!scanner.take(close)) scanner.fail(`"," or "${close}"`);
    return false;
  }
}
