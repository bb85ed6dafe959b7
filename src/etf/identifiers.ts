/** Pids, ports and references from bytes, in the forms of current and of old nodes. erl_ext_dist: *_PID_EXT, *_PORT_EXT, *_REFERENCE_EXT. */

import { type Atom, Pid, Port, Reference } from "../term/index.ts";
import { readAtom } from "./atoms.ts";
import type { Cursor } from "./cursor.ts";

/** `Node Id:4 Serial:4 Creation:4|1`. @throws DecodeError */
export function readPid(cursor: Cursor, cached: readonly Atom[], creationBytes: 1 | 4): Pid {
  const node = readAtom(cursor, cached);
  const id = cursor.u32();
  const serial = cursor.u32();
  return new Pid(node, id, serial, creationBytes === 4 ? cursor.u32() : cursor.u8());
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
  return new Reference(node, creation, ids);
}

/** `Node Id:4 Creation:1`. @throws DecodeError */
export function readOldReference(cursor: Cursor, cached: readonly Atom[]): Reference {
  const node = readAtom(cursor, cached);
  const id = cursor.u32();
  return new Reference(node, cursor.u8(), [id]);
}
