/** The first message: who calls. erl_dist_protocol, "Distribution Handshake", send_name. */

import { ProtocolError } from "../errors.ts";
import type { Flags } from "../flags.ts";
import { nameBytes, readText } from "./text.ts";

/** `'N' Flags:64 Creation:32 NLen:16 Name`; of old nodes `'n' 5:16 Flags:32 Name`. */
export interface SendName {
  readonly flags: Flags;
  readonly creation: number;
  readonly name: string;
  /** Whether it came in the old form, which is followed by a complement. */
  readonly old: boolean;
}

export function encodeSendName({ flags, creation, name }: Omit<SendName, "old">): Uint8Array {
  const text = nameBytes(name);
  const out = Buffer.alloc(15 + text.length);
  out.write("N");
  out.writeUInt32BE(flags.high, 1);
  out.writeUInt32BE(flags.low, 5);
  out.writeUInt32BE(creation, 9);
  out.writeUInt16BE(text.length, 13);
  out.set(text, 15);
  return out;
}

/** The old form; the upper flags and the creation follow in a complement. */
export function encodeOldSendName({ flags, name }: Pick<SendName, "flags" | "name">): Uint8Array {
  const text = nameBytes(name);
  const out = Buffer.alloc(7 + text.length);
  out.write("n");
  out.writeUInt16BE(5, 1);
  out.writeUInt32BE(flags.low, 3);
  out.set(text, 7);
  return out;
}

/** Bytes behind the name are an extension of the future and are ignored. */
export function decodeSendName(frame: Buffer): SendName {
  if (frame[0] === 0x4e && frame.length >= 15) {
    const length = frame.readUInt16BE(13);
    return {
      flags: { high: frame.readUInt32BE(1), low: frame.readUInt32BE(5) },
      creation: frame.readUInt32BE(9),
      name: readText(frame, 15, length),
      old: false,
    };
  }
  if (frame[0] === 0x6e && frame.length > 7) {
    return {
      flags: { high: 0, low: frame.readUInt32BE(3) },
      creation: 0,
      name: readText(frame, 7, frame.length - 7),
      old: true,
    };
  }
  throw new ProtocolError("its handshake does not begin with a name");
}
