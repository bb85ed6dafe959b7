/** Capability flags of the handshake: one table of names and values, held as two unsigned 32-bit halves. */

/** The 64 bits of a node's capabilities. */
export interface Flags {
  readonly high: number;
  readonly low: number;
}

/** The bits of the lower half, by name. */
export const LOW_FLAGS = {
  PUBLISHED: 0x1,
  ATOM_CACHE: 0x2,
  EXTENDED_REFERENCES: 0x4,
  DIST_MONITOR: 0x8,
  FUN_TAGS: 0x10,
  DIST_MONITOR_NAME: 0x20,
  HIDDEN_ATOM_CACHE: 0x40,
  NEW_FUN_TAGS: 0x80,
  EXTENDED_PIDS_PORTS: 0x100,
  EXPORT_PTR_TAG: 0x200,
  BIT_BINARIES: 0x400,
  NEW_FLOATS: 0x800,
  UNICODE_IO: 0x1000,
  DIST_HDR_ATOM_CACHE: 0x2000,
  SMALL_ATOM_TAGS: 0x4000,
  UTF8_ATOMS: 0x10000,
  MAP_TAG: 0x20000,
  BIG_CREATION: 0x40000,
  SEND_SENDER: 0x80000,
  BIG_SEQTRACE_LABELS: 0x100000,
  EXIT_PAYLOAD: 0x400000,
  FRAGMENTS: 0x800000,
  HANDSHAKE_23: 0x1000000,
  UNLINK_ID: 0x2000000,
  MANDATORY_25_DIGEST: 0x4000000,
} as const;

/** The bits of the upper half, by name. */
export const HIGH_FLAGS = {
  SPAWN: 0x1,
  NAME_ME: 0x2,
  V4_NC: 0x4,
  ALIAS: 0x8,
  LOCAL_EXT: 0x10,
  ALTACT_SIG: 0x20,
  NATIVE_RECORDS: 0x40,
} as const;

/** The name of a flag, as OTP writes it after `DFLAG_`. */
export type FlagName = keyof typeof LOW_FLAGS | keyof typeof HIGH_FLAGS;

const NAMES = [...Object.keys(LOW_FLAGS), ...Object.keys(HIGH_FLAGS)] as FlagName[];

/**
 * What we offer: all that this implementation handles. Hidden (not PUBLISHED); with headers and fragments, so that a large
 * message blocks neither ticks nor small ones.
 */
export const OFFERED: Flags = { high: 0x2d, low: 0x07df7fbc };

/** {@link OFFERED} by a node that others see. */
export const PUBLISHED: Flags = {
  high: OFFERED.high,
  low: (OFFERED.low | LOW_FLAGS.PUBLISHED) >>> 0,
};

/** {@link OFFERED} without headers and fragments, as nodes of before OTP R13 speak. */
export const PASS_THROUGH: Flags = { high: OFFERED.high, low: (OFFERED.low & ~0x802000) >>> 0 };

/** Asks the node for a name, so that no atom is left behind there: a request in the first message, no capability. */
export const NAME_ME: Flags = { high: HIGH_FLAGS.NAME_ME, low: 0 };

/** What a peer must have for us: what OTP 23 makes mandatory. Programs in Java and C have no more, and run nothing. */
export const REQUIRED: Flags = flags([
  "EXTENDED_REFERENCES",
  "FUN_TAGS",
  "NEW_FUN_TAGS",
  "EXTENDED_PIDS_PORTS",
  "EXPORT_PTR_TAG",
  "BIT_BINARIES",
  "NEW_FLOATS",
  "UTF8_ATOMS",
  "MAP_TAG",
  "BIG_CREATION",
  "HANDSHAKE_23",
]);

// Bit 26, though the OTP documentation prints another value: this is what OTP's own code has.
const DIGEST_OF_25: Flags = { high: 0, low: 0x1070f94 };

/**
 * The flags of these names.
 * @example
 * import { flags } from "beamctl/dist";
 *
 * flags(["MAP_TAG", "SPAWN"]); // => { high: 1, low: 131072 }
 */
export function flags(names: readonly FlagName[]): Flags {
  let high = 0;
  let low = 0;
  for (const name of names) {
    if (name in LOW_FLAGS) low |= LOW_FLAGS[name as keyof typeof LOW_FLAGS];
    else high |= HIGH_FLAGS[name as keyof typeof HIGH_FLAGS];
  }
  return { high: high >>> 0, low: low >>> 0 };
}

export function union(left: Flags, right: Flags): Flags {
  return { high: (left.high | right.high) >>> 0, low: (left.low | right.low) >>> 0 };
}

export function intersection(left: Flags, right: Flags): Flags {
  return { high: (left.high & right.high) >>> 0, low: (left.low & right.low) >>> 0 };
}

/**
 * Whether the flag is set.
 * @example
 * import { hasFlag, OFFERED } from "beamctl/dist";
 *
 * hasFlag(OFFERED, "SPAWN"); // => true
 * hasFlag(OFFERED, "PUBLISHED"); // => false
 */
export function hasFlag(given: Flags, name: FlagName): boolean {
  return name in LOW_FLAGS
    ? (given.low & LOW_FLAGS[name as keyof typeof LOW_FLAGS]) !== 0
    : (given.high & HIGH_FLAGS[name as keyof typeof HIGH_FLAGS]) !== 0;
}

/**
 * The names of the flags that are set, for messages.
 * @example
 * import { describeFlags, flags } from "beamctl/dist";
 *
 * describeFlags(flags(["SPAWN", "MAP_TAG"])); // => [ 'MAP_TAG', 'SPAWN' ]
 */
export function describeFlags(given: Flags): FlagName[] {
  return NAMES.filter((name) => hasFlag(given, name));
}

/** The flags with what their digest stands for spelled out. */
export function expandDigest(given: Flags): Flags {
  return hasFlag(given, "MANDATORY_25_DIGEST") ? union(given, DIGEST_OF_25) : given;
}

/**
 * The names of those of `wanted` that `given` lacks.
 * @example
 * import { flags, missingFlags } from "beamctl/dist";
 *
 * missingFlags(flags(["MAP_TAG"]), flags(["MAP_TAG", "SPAWN"])); // => [ 'SPAWN' ]
 * missingFlags(node.flags); // []: of a node that we are connected to
 */
export function missingFlags(given: Flags, wanted: Flags = REQUIRED): FlagName[] {
  const full = expandDigest(given);
  return describeFlags(wanted).filter((name) => !hasFlag(full, name));
}
