/** How gen_server and its kin ask and answer: `{'$gen_call', {From, Tag}, Request}` and `{Tag, Reply}`, as gen.erl of stdlib. */

import type { Extras } from "../dist/index.ts";
import { atom, ImproperList, Pid, Reference, type Term, Tuple, tuple } from "../term/index.ts";
import type { Home } from "./home.ts";
import type { Via } from "./processes.ts";

/** Who asked, and what the answer is to carry. */
export interface From {
  readonly pid: Pid;
  readonly tag: Term;
}

/** A message to a server. */
export type GenMessage =
  | { readonly type: "call"; readonly from: From; readonly request: Term }
  | { readonly type: "cast"; readonly message: Term }
  | { readonly type: "info"; readonly message: Term };

const GEN_CALL = atom("$gen_call");
const GEN_CAST = atom("$gen_cast");
const ALIAS = atom("alias");

/** What a message is to a server. */
export function readGenMessage(message: Term): GenMessage {
  if (message instanceof Tuple) {
    const [mark, second, request] = message.items as readonly (Term | undefined)[];
    const size = message.items.length;
    if (mark === GEN_CALL && size === 3 && second instanceof Tuple && second.items.length === 2) {
      const [pid, tag] = second.items as readonly [Term, Term];
      if (pid instanceof Pid) return { type: "call", from: { pid, tag }, request: request as Term };
    }
    if (mark === GEN_CAST && size === 2) return { type: "cast", message: second as Term };
  }
  return { type: "info", message };
}

/**
 * Answers a call: to the alias in its tag, so that nobody gets what comes too late, else to the caller.
 * @throws EncodeError when the reply is no term
 * @throws NoSuchLinkError NodeDownError when its node is not connected any more
 */
export function answerCall(home: Home, own: Pid, from: From, reply: Term, asked: Asked): void {
  const message = tuple(from.tag, reply);
  const token = nextToken(asked.extras.token, own);
  const to = aliasOf(from.tag) ?? from.pid;
  const options = token === undefined ? {} : { token };
  if (asked.via === undefined) home.deliver(to, message, own, options);
  else home.answer(to, message, own, options);
}

/** What a message came with. */
export interface Asked {
  readonly extras: Extras;
  /** The link; `undefined` from a process of ours. */
  readonly via: Via | undefined;
}

/** The tag of a call that is to be answered to an alias. */
export function aliasTag(alias: Reference): Term {
  return new ImproperList([ALIAS], alias);
}

/** The monitor of a caller, which its tag is or has. */
export function referenceOf(tag: Term): Reference | undefined {
  return tag instanceof Reference ? tag : aliasOf(tag);
}

// [alias | Ref] or [[alias | Ref] | Anything]
function aliasOf(tag: Term): Reference | undefined {
  const items: unknown = tag instanceof ImproperList ? tag.items : tag;
  const [first] = Array.isArray(items) ? (items as readonly Term[]) : [];
  if (first instanceof ImproperList) return aliasOf(first);
  if (!(tag instanceof ImproperList) || first !== ALIAS || tag.items.length !== 1) return undefined;
  return tag.tail instanceof Reference ? tag.tail : undefined;
}

/** The token of what is sent because of something that had one: `{Flags, Label, Serial, From, Previous}`, as seq_trace counts. */
function nextToken(token: Term | undefined, own: Pid): Term | undefined {
  if (!(token instanceof Tuple) || token.items.length !== 5) return undefined;
  const [flags, label, serial] = token.items as readonly [Term, Term, Term];
  return typeof serial === "number" ? tuple(flags, label, serial + 1, own, serial) : undefined;
}
