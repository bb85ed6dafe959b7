/** Terms in Erlang syntax, as the Erlang shell prints them. */

import { Atom } from "./atom.ts";
import { erlangAtom } from "./erlang-names.ts";
import { erlangFloat } from "./float-text.ts";
import {
  cutText,
  type InspectContext,
  identity,
  referenceWords,
  shown,
} from "./inspect-context.ts";
import { type Doc, Group, Pair } from "./layout.ts";
import { MAX_TEXT_DEPTH } from "./limits.ts";
import { erlangCharlist, erlangText, escapeErlang } from "./printable.ts";
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
export function erlangDoc(term: Term, limit: number, depth: number, context: InspectContext): Doc {
  if (term instanceof Atom) return erlangAtom(term.name);
  if (typeof term === "number" || typeof term === "bigint") return String(term);
  if (term instanceof Float) return erlangFloat(term.value);
  if (term instanceof Pid) return `<${identity(term, `${term.id}.${term.serial}`, context)}>`;
  if (term instanceof Reference) return `#Ref<${identity(term, referenceWords(term), context)}>`;
  if (term instanceof Port) return `#Port<${identity(term, String(term.id), context)}>`;
  if (term instanceof ExternalFun) {
    return `fun ${erlangAtom(term.module.name)}:${erlangAtom(term.function.name)}/${term.arity}`;
  }
  if (term instanceof Fun) {
    return `#Fun<${erlangAtom(term.module.name)}.${term.oldIndex}.${term.oldUnique}>`;
  }
  if (term instanceof Uint8Array) return binaryDoc(term, 0, limit, context);
  if (term instanceof Bitstring) return binaryDoc(term.bytes, term.bits, limit, context);
  if (depth >= MAX_TEXT_DEPTH) return "...";

  const print = (item: Term, left: number): Doc => erlangDoc(item, left, depth + 1, context);
  if (Array.isArray(term)) return listDoc(term, limit, context, print);
  if (term instanceof Tuple) return group("{", term.items, limit, "}", print);
  if (term instanceof TermMap) {
    return group("#{", term, limit, "}", ([key, value], left) => {
      const keyDoc = print(key, left);
      return new Pair(new Pair(keyDoc, " => "), print(value, left));
    });
  }
  if (term instanceof ImproperList) {
    const { docs, cut } = shown(term.items, limit, print);
    const tail = cut ? "..." : print(term.tail, limit - docs.length - 1);
    return new Group("[", [...docs, tail], "]", ",", "|");
  }
  throw new TypeError("not an Erlang term");
}

function group<Item>(
  open: string,
  items: Iterable<Item>,
  limit: number,
  close: string,
  print: (item: Item, limit: number) => Doc,
): Group {
  const { docs, cut } = shown(items, limit, print);
  if (cut) docs.push("...");
  return new Group(open, docs, close, ",", cut && open === "[" && docs.length > 1 ? "|" : ",");
}

function binaryDoc(bytes: Uint8Array, bits: number, limit: number, context: InspectContext): Doc {
  if (bytes.length === 0) return "<<>>";
  const text = bits === 0 ? erlangText(bytes) : undefined;
  if (text !== undefined) {
    const cut = cutText(text.text, context);
    const type = text.utf8 ? "/utf8" : "";
    return `<<"${escapeErlang(cut ?? text.text, '"')}"${type}${cut === undefined ? "" : "..."}>>`;
  }
  const last = bits === 0 ? -1 : bytes.length - 1;
  let index = 0;
  return group("<<", bytes, limit, ">>", (byte) =>
    index++ === last ? `${byte >> (8 - bits)}:${bits}` : String(byte),
  );
}

function listDoc(
  list: readonly Term[],
  limit: number,
  context: InspectContext,
  print: (item: Term, limit: number) => Doc,
): Doc {
  const text = erlangCharlist(list);
  if (text === undefined) return group("[", list, limit, "]", print);
  const cut = cutText(text, context);
  return cut === undefined ? `"${escapeErlang(text, '"')}"` : `"${escapeErlang(cut, '"')}..."`;
}
