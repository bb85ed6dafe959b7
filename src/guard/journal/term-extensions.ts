/** Erlang terms in MessagePack: one extension type per kind of term, so that nothing is lost on the way. */

import { ExtensionCodec, encode as pack, decode as unpack } from "@msgpack/msgpack";
import { decode, encode } from "../../etf/index.ts";
import {
  Atom,
  atom,
  Bitstring,
  ExternalFun,
  Float,
  Fun,
  ImproperList,
  Pid,
  Port,
  Reference,
  type Term,
  TermMap,
  Tuple,
} from "../../term/index.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The extension types of docs/journal-format.md. Lists are arrays, binaries are bin, integers within 2^53 are int, and our own
 * field names are str; everything else of Erlang is an extension.
 */
const TERM_EXTENSIONS = new ExtensionCodec();

/** The MessagePack of a value that may hold terms. */
export function packTerms(value: unknown): Uint8Array {
  return pack(value, { extensionCodec: TERM_EXTENSIONS, ignoreUndefined: true });
}

/** The value of these bytes; binaries are copies. */
export function unpackTerms(bytes: Uint8Array): unknown {
  return unpack(bytes, { extensionCodec: TERM_EXTENSIONS });
}

function extension<T>(
  type: number,
  claims: (value: unknown) => value is T,
  write: (value: T) => Uint8Array,
  read: (data: Uint8Array) => unknown,
): void {
  TERM_EXTENSIONS.register({
    type,
    encode: (value) => (claims(value) ? write(value) : null),
    decode: read,
  });
}

function instance<T>(type: abstract new (...args: never[]) => T) {
  return (value: unknown): value is T => value instanceof type;
}

// The payload is the term's own External Term Format, without the version byte.
const bare = (term: Term): Uint8Array => encode(term).subarray(1);
const term = (data: Uint8Array): Term => {
  const bytes = new Uint8Array(data.length + 1);
  bytes[0] = 131;
  bytes.set(data, 1);
  return decode(bytes);
};

const list = (data: Uint8Array): Term[] => unpackTerms(data) as Term[];

extension(
  1,
  instance(Atom as never as abstract new () => Atom),
  (value) => value.utf8,
  (data) => atom(utf8.decode(data)),
);
extension(
  2,
  instance(Tuple),
  (value) => packTerms(value.items),
  (data) => new Tuple(list(data)),
);
extension(3, instance(Pid), bare, term);
extension(4, instance(Reference), bare, term);
extension(5, instance(Port), bare, term);
extension(
  6,
  instance(TermMap),
  (value) => packTerms([...value].flat()),
  (data) => new TermMap(pairs(list(data))),
);
extension(
  7,
  instance(ImproperList),
  (value) => packTerms([...value.items, value.tail]),
  (data) => {
    const items = list(data);
    return new ImproperList(items.slice(0, -1), items.at(-1) as Term);
  },
);
extension(8, (value): value is bigint => typeof value === "bigint", bare, term);
extension(
  9,
  instance(Float),
  ({ value }) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value);
    return bytes;
  },
  (data) => new Float(new DataView(data.buffer, data.byteOffset, 8).getFloat64(0)),
);
extension(
  10,
  instance(Bitstring),
  ({ bits, bytes }) => Uint8Array.of(bits, ...bytes),
  (data) => new Bitstring(data.slice(1), data[0] as number),
);
extension(
  11,
  (value): value is Fun | ExternalFun => value instanceof Fun || value instanceof ExternalFun,
  bare,
  term,
);
// Kept free for kinds of terms to come: read, never written.
extension(12, (_value): _value is never => false, bare, term);

function pairs(items: readonly Term[]): [Term, Term][] {
  const found: [Term, Term][] = [];
  for (let at = 0; at + 1 < items.length; at += 2) {
    found.push([items[at] as Term, items[at + 1] as Term]);
  }
  return found;
}
