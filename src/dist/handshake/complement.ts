/** What follows an old name: the upper half of the flags, and the creation. */

import { ProtocolError } from "../errors.ts";

/** `'c' FlagsHigh:32 Creation:32`. */
export interface Complement {
  readonly high: number;
  readonly creation: number;
}

export function encodeComplement({ high, creation }: Complement): Uint8Array {
  const out = Buffer.alloc(9);
  out.write("c");
  out.writeUInt32BE(high, 1);
  out.writeUInt32BE(creation, 5);
  return out;
}

export function decodeComplement(frame: Buffer): Complement {
  if (frame[0] !== 0x63 || frame.length < 9) {
    throw new ProtocolError("the complement of an old name was expected");
  }
  return { high: frame.readUInt32BE(1), creation: frame.readUInt32BE(5) };
}
