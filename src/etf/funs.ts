/** Funs from bytes. erl_ext_dist: EXPORT_EXT, NEW_FUN_EXT. */

import { ExternalFun, Fun, Pid, type Term } from "../term/index.ts";
import type { TermReader } from "./reader.ts";

const UNIQUE_BYTES = 16;

/** `Module Function Arity`. @throws DecodeError */
export function readExport(reader: TermReader): ExternalFun {
  const module = reader.atom();
  const name = reader.atom();
  const arity = reader.read();
  if (typeof arity !== "number" || arity < 0 || arity > 255) {
    throw reader.fail("a fun whose arity is none");
  }
  return new ExternalFun(module, name, arity);
}

/** `Size:4 Arity:1 Unique:16 Index:4 Count:4 Module OldIndex OldUnique Creator Free...`. @throws DecodeError */
export function readFun(reader: TermReader): Fun {
  const end = reader.offset + reader.u32();
  const arity = reader.u8();
  const from = reader.skip(UNIQUE_BYTES);
  const unique = new Uint8Array(reader.bytes.subarray(from, from + UNIQUE_BYTES));
  const index = reader.u32();
  const count = reader.u32();
  const module = reader.atom();
  const oldIndex = integer(reader, reader.read());
  const oldUnique = integer(reader, reader.read());
  const creator = reader.read();
  if (!(creator instanceof Pid)) throw reader.fail("a fun whose creator is no pid");
  const free = reader.items(count);
  if (reader.offset !== end) throw reader.fail("a fun of another size than it says");
  return new Fun({ arity, unique, index, module, oldIndex, oldUnique, creator, free });
}

function integer(reader: TermReader, term: Term): number {
  if (typeof term !== "number") throw reader.fail("a fun whose old index or hash is no integer");
  return term;
}
