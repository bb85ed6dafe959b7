/** The answer to a name: `'s' Text`, where a dynamic name follows `named:`. */

import { ProtocolError } from "../errors.ts";
import { nameBytes, readText } from "./text.ts";

export type Status =
  | { readonly type: "ok" | "ok_simultaneous" | "nok" | "not_allowed" | "alive" | "true" | "false" }
  | { readonly type: "named"; readonly name: string; readonly creation: number };

const PLAIN = ["ok", "ok_simultaneous", "nok", "not_allowed", "alive", "true", "false"] as const;
const NAMED = "named:";

export function encodeStatus(status: Status): Uint8Array {
  if (status.type !== "named") return Buffer.from(`s${status.type}`, "latin1");
  const text = nameBytes(status.name);
  const out = Buffer.alloc(1 + NAMED.length + 2 + text.length + 4);
  out.write(`s${NAMED}`, "latin1");
  out.writeUInt16BE(text.length, 7);
  out.set(text, 9);
  out.writeUInt32BE(status.creation, 9 + text.length);
  return out;
}

export function decodeStatus(frame: Buffer): Status {
  if (frame[0] !== 0x73) throw new ProtocolError("a status was expected in the handshake");
  if (frame.toString("latin1", 1, 7) === NAMED && frame.length >= 13) {
    const length = frame.readUInt16BE(7);
    const name = readText(frame, 9, length);
    if (frame.length < 13 + length) throw new ProtocolError("a handshake message is cut short");
    return { type: "named", name, creation: frame.readUInt32BE(9 + length) };
  }
  const text = frame.toString("latin1", 1);
  const type = PLAIN.find((known) => known === text);
  if (type === undefined) throw new ProtocolError("an unknown status in the handshake");
  return { type };
}
