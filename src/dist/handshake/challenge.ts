/** The challenge with who answers, and the three messages that prove the cookie. */

import { ProtocolError } from "../errors.ts";
import type { Flags } from "../flags.ts";
import { nameBytes, readText } from "./text.ts";

/** `'N' Flags:64 Challenge:32 Creation:32 NLen:16 Name`; of old nodes `'n' 5:16 Flags:32 Challenge:32 Name`. */
export interface Challenge {
  readonly flags: Flags;
  readonly challenge: number;
  readonly creation: number;
  readonly name: string;
}

export function encodeChallenge({ flags, challenge, creation, name }: Challenge): Uint8Array {
  const text = nameBytes(name);
  const out = Buffer.alloc(19 + text.length);
  out.write("N");
  out.writeUInt32BE(flags.high, 1);
  out.writeUInt32BE(flags.low, 5);
  out.writeUInt32BE(challenge >>> 0, 9);
  out.writeUInt32BE(creation, 13);
  out.writeUInt16BE(text.length, 17);
  out.set(text, 19);
  return out;
}

/** For callers of before OTP 23, which have no upper flags. */
export function encodeOldChallenge({ flags, challenge, name }: Challenge): Uint8Array {
  const text = nameBytes(name);
  const out = Buffer.alloc(11 + text.length);
  out.write("n");
  out.writeUInt16BE(5, 1);
  out.writeUInt32BE(flags.low, 3);
  out.writeUInt32BE(challenge >>> 0, 7);
  out.set(text, 11);
  return out;
}

export function decodeChallenge(frame: Buffer): Challenge {
  if (frame[0] === 0x4e && frame.length >= 19) {
    return {
      flags: { high: frame.readUInt32BE(1), low: frame.readUInt32BE(5) },
      challenge: frame.readUInt32BE(9),
      creation: frame.readUInt32BE(13),
      name: readText(frame, 19, frame.readUInt16BE(17)),
    };
  }
  if (frame[0] === 0x6e && frame.length > 11) {
    return {
      flags: { high: 0, low: frame.readUInt32BE(3) },
      challenge: frame.readUInt32BE(7),
      creation: 0,
      name: readText(frame, 11, frame.length - 11),
    };
  }
  throw new ProtocolError("a challenge was expected in the handshake");
}

/** `'r' Challenge:32 Digest:16`: the initiator's challenge and its proof. */
export function encodeReply(challenge: number, digest: Uint8Array): Uint8Array {
  const out = Buffer.alloc(21);
  out.write("r");
  out.writeUInt32BE(challenge >>> 0, 1);
  out.set(digest, 5);
  return out;
}

export function decodeReply(frame: Buffer): { challenge: number; digest: Uint8Array } {
  if (frame[0] !== 0x72 || frame.length < 21)
    throw new ProtocolError("a challenge's reply was expected");
  return { challenge: frame.readUInt32BE(1), digest: frame.subarray(5, 21) };
}

/** `'a' Digest:16`: the acceptor's proof. */
export function encodeAck(digest: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from("a"), digest]);
}

export function decodeAck(frame: Buffer): Uint8Array {
  if (frame[0] !== 0x61 || frame.length < 17)
    throw new ProtocolError("the last proof was expected");
  return frame.subarray(1, 17);
}
