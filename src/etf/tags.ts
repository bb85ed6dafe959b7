/** The tags of the External Term Format, by the names of erl_ext_dist without `_EXT`. */

/** The byte before every term that stands alone. */
export const VERSION = 131;

export const TAG = {
  NATIVE_RECORD: 67,
  NEW_FLOAT: 70,
  BIT_BINARY: 77,
  COMPRESSED: 80,
  ATOM_CACHE_REF: 82,
  NEW_PID: 88,
  NEW_PORT: 89,
  NEWER_REFERENCE: 90,
  SMALL_INTEGER: 97,
  INTEGER: 98,
  FLOAT: 99,
  ATOM: 100,
  REFERENCE: 101,
  PORT: 102,
  PID: 103,
  SMALL_TUPLE: 104,
  LARGE_TUPLE: 105,
  NIL: 106,
  STRING: 107,
  LIST: 108,
  BINARY: 109,
  SMALL_BIG: 110,
  LARGE_BIG: 111,
  NEW_FUN: 112,
  EXPORT: 113,
  NEW_REFERENCE: 114,
  SMALL_ATOM: 115,
  MAP: 116,
  FUN: 117,
  ATOM_UTF8: 118,
  SMALL_ATOM_UTF8: 119,
  V4_PORT: 120,
  LOCAL: 121,
} as const;

const REFUSED: ReadonlyMap<number, string> = new Map([
  [TAG.NATIVE_RECORD, "a native record of OTP 29, which is not supported yet"],
  [TAG.COMPRESSED, "COMPRESSED, which is allowed only around a whole term"],
  [TAG.FUN, "FUN_EXT, which no OTP has written since R8"],
  [TAG.LOCAL, "LOCAL_EXT, which only the node that wrote it can read"],
  [VERSION, "the version byte, which stands only before a whole term"],
]);

/** Why a tag that a reader does not take is refused. */
export function whyRefused(tag: number): string {
  return `tag ${tag} is ${REFUSED.get(tag) ?? "none of the External Term Format"}`;
}
