/** How Elixir writes atoms, modules, keys and function names, in the rules of `Macro.inspect_atom/2`. */

import type { Atom } from "./atom.ts";
import { escapeElixir } from "./printable.ts";

/** Operators that are atoms without quotes, the longest first. */
export const ELIXIR_SYMBOLS: readonly string[] = (
  "..// <<>> %{} +++ --- ... <<< >>> <<~ ~>> <~> === !== &&& ||| ++ -- ** .. <> |> <~ ~> == != =~ <= >= && || <- -> " +
  "\\\\ {} + - * / < > ! & | ^ = % @ ."
).split(" ");

/** Operators that name a function without quotes, the longest first. */
export const ELIXIR_OPERATORS: readonly string[] = (
  "+++ --- <<< >>> <<~ ~>> <~> <|> === !== &&& ||| ^^^ ~~~ ++ -- ** <> |> <~ ~> == != =~ <= >= && || <- :: \\\\ " +
  "+ - * / < > ! & | ^ = @"
).split(" ");

// Elixir takes more letters than these, by rules on the mixing of scripts; quoted names are always right.
const ATOM =
  /^[A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff][\w@\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]*[?!]?$/;
const CALL = /^[a-z_\u00df-\u00f6\u00f8-\u00ff][\w\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]*[?!]?$/;
const ALIAS = /^Elixir(\.[A-Z]\w*)*$/;
const symbols: ReadonlySet<string> = new Set(ELIXIR_SYMBOLS);
const operators: ReadonlySet<string> = new Set(ELIXIR_OPERATORS);

/** `:ok`, `nil`, `MyApp.Repo`, `:"a b"`. */
export function elixirAtom(atom: Atom): string {
  const { name } = atom;
  if (name === "nil" || name === "true" || name === "false") return name;
  const alias = elixirAlias(name);
  if (alias !== undefined) return alias;
  return plain(name) ? `:${name}` : `:"${escapeElixir(name)}"`;
}

/** `MyApp.Repo` for the name `Elixir.MyApp.Repo`; `undefined` when the name is no alias. */
export function elixirAlias(name: string): string | undefined {
  if (!ALIAS.test(name)) return undefined;
  const short = name.slice("Elixir.".length);
  return short === "" || /^Elixir(\.|$)/.test(short) ? name : short;
}

/** Whether this atom is written as `key: value`; module names never are. */
export function isElixirKey(name: string): boolean {
  return !name.startsWith("Elixir.");
}

/** `count: ` or `"a b": `. */
export function elixirKey(name: string): string {
  return plain(name) && name !== "Elixir" ? `${name}: ` : `"${escapeElixir(name)}": `;
}

/** `&Mod.fun/1`. */
export function elixirCapture(module: Atom, fun: string, arity: number): string {
  // A module made of dots would run into the dot that follows.
  const owner = module.name.endsWith(".") ? `:"${escapeElixir(module.name)}"` : elixirAtom(module);
  const name = CALL.test(fun) || operators.has(fun) ? fun : `"${escapeElixir(fun)}"`;
  return `&${owner}.${name}/${arity}`;
}

function plain(name: string): boolean {
  return ATOM.test(name) || symbols.has(name);
}
