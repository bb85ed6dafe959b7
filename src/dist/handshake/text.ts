/** Text in handshake messages. */

import { ProtocolError } from "../errors.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The bytes of a node's name. */
export function nameBytes(name: string): Uint8Array {
  return Buffer.from(name, "utf8");
}

/** @throws ProtocolError when the frame is too short or the bytes are not UTF-8 */
export function readText(frame: Buffer, offset: number, length: number): string {
  if (frame.length < offset + length) throw new ProtocolError("a handshake message is cut short");
  try {
    return strict.decode(frame.subarray(offset, offset + length));
  } catch {
    throw new ProtocolError("a name in the handshake is not UTF-8");
  }
}
