/** Funs. erl_ext_dist: EXPORT_EXT, NEW_FUN_EXT. */

import { ExternalFun, Fun, Pid, type Term } from "../term/index.ts";
import { writeAtom } from "./atoms.ts";
import { writeNumber } from "./numbers.ts";
import type { TermReader } from "./reader.ts";
import { Refusal } from "./refusal.ts";
import { isU32, putU32 } from "./sink.ts";
import { TAG } from "./tags.ts";
import type { TermWriter } from "./writer.ts";

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
  reader.u32(); // OTP 23 leaves large binaries out of this size, and no node relies on it
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
  return new Fun({ arity, unique, index, module, oldIndex, oldUnique, creator, free });
}

/** @throws Refusal when its arity is none */
export function writeExport(writer: TermWriter, fun: ExternalFun): void {
  writer.u8(TAG.EXPORT);
  writeAtom(writer, fun.module);
  writeAtom(writer, fun.function);
  writeNumber(writer, checkedArity(fun.arity));
}

/** @throws Refusal when a node could not have sent it */
export function writeFun(writer: TermWriter, fun: Fun): void {
  const { unique, index, oldIndex, oldUnique, free } = fun;
  const whole = unique instanceof Uint8Array && unique.length === UNIQUE_BYTES && isU32(index);
  if (!whole || typeof oldIndex !== "number" || typeof oldUnique !== "number") {
    throw new Refusal("a fun whose identity is not complete", PASS_ON);
  }
  writer.u8(TAG.NEW_FUN);
  writer.u32(0);
  // When the size is known the writer may have gone on to another chunk.
  const { bytes, at, byteLength } = writer;
  writer.u8(checkedArity(fun.arity));
  writer.raw(unique);
  writer.u32(index);
  writer.u32(free.length);
  writeAtom(writer, fun.module);
  writeNumber(writer, oldIndex);
  writeNumber(writer, oldUnique);
  writer.pid(fun.creator);
  writer.items(free);
  putU32(bytes, at - 4, writer.byteLength - byteLength + 4);
}

const PASS_ON = "Only pass on closures that a node sent.";

function checkedArity(value: number): number {
  if (typeof value === "number" && (value & 0xff) === value) return value;
  throw new Refusal("an arity is an integer from 0 to 255", "Correct the arity of the fun.");
}

function integer(reader: TermReader, term: Term): number {
  if (typeof term !== "number") throw reader.fail("a fun whose old index or hash is no integer");
  return term;
}
