/** Elixir's names in a text: atoms, modules, keys and captures. */

import { type Atom, atom } from "./atom.ts";
import { ELIXIR_OPERATORS, ELIXIR_SYMBOLS } from "./elixir-names.ts";
import { elixirString } from "./literal-text.ts";
import type { Scanner } from "./scanner.ts";
import { ExternalFun } from "./values.ts";

const NAME = "[\\p{XID_Start}_][\\p{XID_Continue}@]*[?!]?";
const IDENTIFIER = new RegExp(NAME, "uy");
const ALIAS = /[A-Z][A-Za-z0-9_]*(?:\.[A-Z][A-Za-z0-9_]*)*/y;
const SYMBOL = oneOf(ELIXIR_SYMBOLS, "");
const OPERATOR = oneOf(ELIXIR_OPERATORS, "");
// The space behind the colon is a must in Elixir too.
const NAME_KEY = new RegExp(`(${NAME}):(?=\\s|$)`, "uy");
const SYMBOL_KEY = oneOf(ELIXIR_SYMBOLS, ":(?=\\s|$)");
const COLON = /:(?=\s|$)/y;
const ARITY = /\/([0-9]{1,3})/y;
const CAPTURE = /&(?=[:A-Z]|nil\.|true\.|false\.)/y;

/** `:ok`, `:"a b"`, `:+`. */
export function atomLiteral(scanner: Scanner): Atom {
  const offset = scanner.offset;
  scanner.expect(":");
  const quote = scanner.next;
  if (scanner.take('"') || scanner.take("'")) {
    return scanner.atom(elixirString(scanner, quote), offset);
  }
  const name = scanner.match(IDENTIFIER)?.[0] ?? scanner.match(SYMBOL)?.[0];
  return scanner.atom(name?.normalize("NFC") ?? scanner.fail("the name of an atom"), offset);
}

/** `MyApp.Repo`, or `undefined` when no capital letter stands here. */
export function moduleAlias(scanner: Scanner): Atom | undefined {
  const offset = scanner.offset;
  const name = scanner.match(ALIAS)?.[0];
  if (name === undefined) return undefined;
  return scanner.atom(/^Elixir(\.|$)/.test(name) ? name : `Elixir.${name}`, offset);
}

/** `nil`, `true` or `false`; any other word is no value. */
export function constant(scanner: Scanner): Atom {
  const offset = scanner.offset;
  const name = scanner.match(IDENTIFIER)?.[0];
  if (name === "nil" || name === "true" || name === "false") return atom(name);
  if (name === undefined) {
    const closure = scanner.source.startsWith("#Fun", offset);
    return scanner.fail("a term", closure ? { remedy: "a closure cannot be written" } : {});
  }
  return scanner.fail("a term", { offset, remedy: `write :${name} for the atom` });
}

/** The key of `key: value`, stepped over with its colon; `undefined`, and nothing stepped over, when there is none. */
export function keyHere(scanner: Scanner): Atom | undefined {
  const offset = scanner.offset;
  const name = scanner.match(NAME_KEY)?.[1] ?? scanner.match(SYMBOL_KEY)?.[1];
  if (name !== undefined) return scanner.atom(name.normalize("NFC"), offset);
  if (scanner.take('"')) {
    // A text is a key only when a colon follows, which is known behind it.
    const end = closingQuote(scanner.source, scanner.offset);
    if (/^:(\s|$)/.test(scanner.source.slice(end + 1, end + 3))) {
      const text = elixirString(scanner, '"');
      scanner.match(COLON);
      return scanner.atom(text, offset);
    }
    scanner.offset = offset;
  }
  return undefined;
}

/** Whether `&` begins the capture of a named function here. */
export function startsCapture(scanner: Scanner): boolean {
  CAPTURE.lastIndex = scanner.offset;
  return CAPTURE.test(scanner.source);
}

/** `&Mod.fun/1` or `&:mod."a b"/1`. */
export function capture(scanner: Scanner): ExternalFun {
  const offset = scanner.offset;
  scanner.expect("&");
  const module =
    scanner.next === ":" ? atomLiteral(scanner) : (moduleAlias(scanner) ?? constantModule(scanner));
  scanner.expect(".");
  const at = scanner.offset;
  const quoted = scanner.take('"');
  const name = quoted
    ? elixirString(scanner, '"')
    : (scanner.match(IDENTIFIER)?.[0] ?? scanner.match(OPERATOR)?.[0]);
  if (name === undefined) return scanner.fail("the name of a function");
  const fun = scanner.atom(quoted ? name : name.normalize("NFC"), at);
  const arity = Number(scanner.match(ARITY)?.[1] ?? scanner.fail('"/" and an arity'));
  if (arity > 255) scanner.fail("an arity of at most 255", { offset });
  return new ExternalFun(module, fun, arity);
}

function constantModule(scanner: Scanner): Atom {
  const name = scanner.match(/nil|true|false/y)?.[0];
  return name === undefined ? scanner.fail("a module") : atom(name);
}

function closingQuote(source: string, from: number): number {
  let at = from;
  while (at < source.length && source[at] !== '"') at += source[at] === "\\" ? 2 : 1;
  return at;
}

function oneOf(signs: readonly string[], behind: string): RegExp {
  const escaped = signs.map((sign) => sign.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  return new RegExp(`(${escaped.join("|")})${behind}`, "y");
}
