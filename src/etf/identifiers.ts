/** Pids, ports and references: read in the forms of current and of old nodes, written in the current one. erl_ext_dist: *PID_EXT, *PORT_EXT, *REFERENCE_EXT. */

import { type Atom, Pid, Port, Reference } from "../term/index.ts";
import { readAtom, writeAtom } from "./atoms.ts";
import type { Cursor } from "./cursor.ts";
import { Refusal, whyNoTerm } from "./refusal.ts";
import { isU32, putU32, type Sink } from "./sink.ts";
import { TAG } from "./tags.ts";

/** `Node Id:4 Serial:4 Creation:4|1`. @throws DecodeError */
export function readPid(cursor: Cursor, cached: readonly Atom[], creationBytes: 1 | 4): Pid {
  const node = readAtom(cursor, cached);
  const id = cursor.u32();
  const serial = cursor.u32();
  const creation = creationBytes === 4 ? cursor.u32() : cursor.u8();
  if (id > 0x7fff || serial > 0x1fff) learn(cursor, node, creation);
  return new Pid(node, id, serial, creation);
}

/** `Node Id:8|4 Creation:4|1`. @throws DecodeError */
export function readPort(
  cursor: Cursor,
  cached: readonly Atom[],
  idBytes: 4 | 8,
  creationBytes: 1 | 4,
): Port {
  const node = readAtom(cursor, cached);
  const high = idBytes === 8 ? cursor.u32() : 0;
  const id = (BigInt(high) << 32n) | BigInt(cursor.u32());
  return new Port(node, id, creationBytes === 4 ? cursor.u32() : cursor.u8());
}

/** `Words:2 Node Creation:4|1 Id:4...`. @throws DecodeError */
export function readReference(
  cursor: Cursor,
  cached: readonly Atom[],
  creationBytes: 1 | 4,
): Reference {
  const words = cursor.u16();
  if (words < 1 || words > 5) throw cursor.fail(`a reference of ${words} words`);
  const node = readAtom(cursor, cached);
  const creation = creationBytes === 4 ? cursor.u32() : cursor.u8();
  const ids: number[] = [];
  for (let at = 0; at < words; at++) ids.push(cursor.u32());
  if (words > 3) learn(cursor, node, creation);
  return new Reference(node, creation, ids);
}

// A wide identifier of the sender's own: it can read such ones as well.
function learn({ sender }: Cursor, node: Atom, creation: number): void {
  if (sender?.node === node && sender.creation === creation) sender.wide = true;
}

/** `Node Id:4 Creation:1`. @throws DecodeError */
export function readOldReference(cursor: Cursor, cached: readonly Atom[]): Reference {
  const node = readAtom(cursor, cached);
  const id = cursor.u32();
  return new Reference(node, cursor.u8(), [id]);
}

/** @throws Refusal when a number in it is no unsigned 32-bit integer */
export function writePid(sink: Sink, pid: Pid): void {
  if (!(pid instanceof Pid)) throw whyNoTerm(pid);
  sink.u8(TAG.NEW_PID);
  writeAtom(sink, pid.node);
  sink.room(12);
  const { bytes, at } = sink;
  putU32(bytes, at, checked(pid.id));
  putU32(bytes, at + 4, checked(pid.serial));
  putU32(bytes, at + 8, checked(pid.creation));
  sink.at = at + 12;
}

/**
 * @param v4 whether the reader knows ids of 64 bits
 * @throws Refusal when a number in it is out of range
 */
export function writePort(sink: Sink, { node, id, creation }: Port, v4: boolean): void {
  if (typeof id !== "bigint" || BigInt.asUintN(64, id) !== id) {
    throw new Refusal("the id of a port is no unsigned 64-bit bigint", FOREIGN);
  }
  sink.u8(v4 ? TAG.V4_PORT : TAG.NEW_PORT);
  writeAtom(sink, node);
  if (v4) sink.u32(Number(id >> 32n));
  sink.u32(Number(id & 0xffff_ffffn));
  sink.u32(checked(creation));
}

/** @throws Refusal when a number in it is no unsigned 32-bit integer */
export function writeReference(sink: Sink, { node, creation, ids }: Reference): void {
  sink.u8(TAG.NEWER_REFERENCE);
  sink.u16(ids.length);
  writeAtom(sink, node);
  sink.u32(checked(creation));
  for (let at = 0; at < ids.length; at++) sink.u32(checked(ids[at]));
}

const FOREIGN = "Only pass on pids, ports and references that a node sent.";

function checked(value: unknown): number {
  if (isU32(value)) return value;
  const what = typeof value === "number" ? value : `a ${typeof value}`;
  throw new Refusal(`${what} in an identifier is no unsigned 32-bit integer`, FOREIGN);
}
