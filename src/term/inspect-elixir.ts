/** Terms in Elixir syntax, as IEx prints them. */

import { Atom } from "./atom.ts";
import { elixirAlias, elixirAtom, elixirCapture, elixirKey, isElixirKey } from "./elixir-names.ts";
import { elixirFloat } from "./float-text.ts";
import {
  cutText,
  type InspectContext,
  identity,
  referenceWords,
  shown,
} from "./inspect-context.ts";
import { type Doc, Group, Pair } from "./layout.ts";
import { MAX_TEXT_DEPTH } from "./limits.ts";
import { elixirCharlist, elixirText, escapeElixir } from "./printable.ts";
import type { Term } from "./term.ts";
import { TermMap } from "./term-map.ts";
import {
  Bitstring,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  Pid,
  Port,
  Reference,
  Tuple,
} from "./values.ts";

/** The doc of a term that is nested `depth` levels deep and may show `limit` items. */
export function elixirDoc(term: Term, limit: number, depth: number, context: InspectContext): Doc {
  if (term instanceof Atom) return elixirAtom(term);
  if (typeof term === "number" || typeof term === "bigint") return String(term);
  if (term instanceof Float) return elixirFloat(term.value);
  if (term instanceof Pid) return `#PID<${identity(term, `${term.id}.${term.serial}`, context)}>`;
  if (term instanceof Reference) {
    return `#Reference<${identity(term, referenceWords(term), context)}>`;
  }
  if (term instanceof Port) return `#Port<${identity(term, String(term.id), context)}>`;
  if (term instanceof ExternalFun) {
    return elixirCapture(term.module, term.function.name, term.arity);
  }
  if (term instanceof Fun) {
    const { oldIndex, oldUnique, arity, module } = term;
    return `#Function<${oldIndex}.${oldUnique}/${arity} in ${elixirAtom(module)}>`;
  }
  if (term instanceof Uint8Array) return binaryDoc(term, 0, limit, context);
  if (term instanceof Bitstring) return binaryDoc(term.bytes, term.bits, limit, context);
  if (depth >= MAX_TEXT_DEPTH) return "...";

  const print = (item: Term, left: number): Doc => elixirDoc(item, left, depth + 1, context);
  if (Array.isArray(term)) return listDoc(term, limit, context, print);
  if (term instanceof Tuple) return group("{", term.items, limit, "}", print);
  if (term instanceof TermMap) return mapDoc(term, limit, print);
  if (term instanceof ImproperList) {
    const { docs, cut } = shown(term.items, limit, print);
    const tail = cut ? "..." : print(term.tail, limit - docs.length - 1);
    return new Group("[", [...docs, tail], "]", ", ", cut ? ", " : " | ");
  }
  throw new TypeError("not an Erlang term");
}

type Print = (item: Term, limit: number) => Doc;

function group<Item>(
  open: string,
  items: Iterable<Item>,
  limit: number,
  close: string,
  print: (item: Item, limit: number) => Doc,
): Group {
  const { docs, cut } = shown(items, limit, print);
  if (cut) docs.push("...");
  return new Group(open, docs, close, ", ");
}

function binaryDoc(bytes: Uint8Array, bits: number, limit: number, context: InspectContext): Doc {
  const text = bits === 0 ? elixirText(bytes) : undefined;
  if (text !== undefined) {
    const cut = cutText(text, context);
    return cut === undefined ? `"${escapeElixir(text)}"` : `"${escapeElixir(cut)}" <> ...`;
  }
  const last = bits === 0 ? -1 : bytes.length - 1;
  let index = 0;
  return group("<<", bytes, limit, ">>", (byte) =>
    index++ === last ? `${byte >> (8 - bits)}::size(${bits})` : String(byte),
  );
}

function listDoc(list: readonly Term[], limit: number, context: InspectContext, print: Print): Doc {
  const text = elixirCharlist(list);
  if (text !== undefined) {
    const cut = cutText(text, context);
    return cut === undefined ? `~c"${escapeElixir(text)}"` : `~c"${escapeElixir(cut)}" ++ ...`;
  }
  if (isKeywordList(list)) {
    return group("[", list, limit, "]", (item, left) => {
      return new Pair(elixirKey(item.items[0].name), print(item.items[1], left));
    });
  }
  return group("[", list, limit, "]", print);
}

function isKeywordList(list: readonly Term[]): list is readonly Tuple<readonly [Atom, Term]>[] {
  return (
    list.length > 0 &&
    list.every((item) => {
      if (!(item instanceof Tuple) || item.items.length !== 2) return false;
      const [key] = item.items;
      return key instanceof Atom && isElixirKey(key.name);
    })
  );
}

function mapDoc(map: TermMap, limit: number, print: Print): Doc {
  const pairs = [...map];
  if (!pairs.every(([key]) => key instanceof Atom && isElixirKey(key.name))) {
    return group("%{", pairs, limit, "}", ([key, value], left) => {
      const keyDoc = print(key, left);
      return new Pair(new Pair(keyDoc, " => "), print(value, left));
    });
  }
  const struct = structOf(pairs as readonly (readonly [Atom, Term])[]);
  const fields = struct === undefined ? pairs : pairs.filter(([key]) => key !== struct.key);
  return group(`%${struct?.name ?? ""}{`, fields, limit, "}", ([key, value], left) => {
    return new Pair(elixirKey((key as Atom).name), print(value, left));
  });
}

function structOf(
  pairs: readonly (readonly [Atom, Term])[],
): { key: Atom; name: string } | undefined {
  const found = pairs.find(([key]) => key.name === "__struct__");
  if (found === undefined || !(found[1] instanceof Atom)) return undefined;
  const name = elixirAlias(found[1].name);
  return name === undefined ? undefined : { key: found[0], name };
}
