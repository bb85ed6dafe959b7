/** What the node that a term goes to accepts: to older ones other identifiers and maps are corrupt, and they drop the link. */

import { Atom, keyOf, type Pid, type Port, type Reference, type Term } from "../term/index.ts";
import { Refusal } from "./refusal.ts";

/** The node that reads what is written, and writes what is read. The limits were read off nodes of OTP 23, 25, 27 and 29. */
export interface Destination {
  readonly node: Atom;
  readonly creation: number;
  /** It has V4_NC: OTP 24 and later. */
  readonly v4: boolean;
  /** It makes wide pids, ports and references: OTP 27 and later do. Set by a reader who sees one of its own. */
  wide: boolean;
  /** It keeps `0.0` and `-0.0` apart: OTP 27 and later do. */
  signedZeros: boolean;
  /** How many atoms this process had never met before it wrote them: they stay, so there is an end to it. */
  newAtoms: number;
}

const MAX_U32 = 0xffff_ffff;
const NARROW_PORT = 0xfff_ffffn;
const LOOK_UP = "Take it from an answer of the node instead.";

/** @throws Refusal for a pid that the node cannot have made, or cannot hold */
export function checkPid(to: Destination, { node, creation, id, serial }: Pid): void {
  const own = node === to.node && creation === to.creation;
  const narrow = own ? !to.wide : !to.v4;
  const maxId = narrow ? 0x7fff : own ? 0xfff_ffff : MAX_U32;
  if (id <= maxId && serial <= (narrow ? 0x1fff : MAX_U32)) return;
  throw new Refusal(`the pid <${id}.${serial}>, which ${owner(to, own)} cannot have`, LOOK_UP);
}

/** @throws Refusal as {@link checkPid} */
export function checkPort(to: Destination, { node, creation, id }: Port): void {
  const own = node === to.node && creation === to.creation;
  const narrow = own ? !to.wide : !to.v4;
  if (id <= (narrow ? NARROW_PORT : own ? (1n << 60n) - 1n : (1n << 64n) - 1n)) return;
  throw new Refusal(`the port ${id}, which ${owner(to, own)} cannot have`, LOOK_UP);
}

/** @throws Refusal as {@link checkPid} */
export function checkReference(to: Destination, { node, creation, ids }: Reference): void {
  const own = node === to.node && creation === to.creation;
  const narrow = own ? !to.wide : !to.v4;
  const [first = 0] = ids;
  const fits = !own || (first < 1 << 18 && (ids[4] ?? 0) < 0xffff_0000);
  if (fits && ids.length <= (narrow ? 3 : 5)) return;
  throw new Refusal(`the reference ${ids.join(".")}, which ${owner(to, own)} cannot have`, LOOK_UP);
}

/** @throws Refusal for a map with keys that differ only in the sign of zero, when the node holds them for the same */
export function checkKeys(to: Destination, flat: readonly Term[]): void {
  if (to.signedZeros || flat.length <= 2) return;
  const met = new Set<unknown>();
  for (let at = 0; at < flat.length; at += 2) {
    const key = flat[at] as Term;
    if (key instanceof Atom || typeof key === "number" || key instanceof Uint8Array) continue;
    const known = met.size;
    if (met.add(keyOf(key, "same")).size > known) continue;
    throw new Refusal(
      "a map with two keys that differ only in the sign of zero",
      "Nodes before OTP 27 hold 0.0 and -0.0 for the same key. Send a list of pairs, or term_to_binary's bytes.",
    );
  }
}

function owner(to: Destination, own: boolean): string {
  return own ? to.node.name : `a node before OTP 24, as ${to.node.name},`;
}
