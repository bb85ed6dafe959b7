/** EPMD's requests and replies as bytes. erl_dist_protocol, "The Protocol between Epmd and Distributed Nodes". */

import { EpmdProtocolError } from "./errors.ts";

/** The port that EPMD listens on unless told otherwise. */
export const EPMD_PORT = 4369;

/** A node that EPMD knows. */
export interface RegisteredNode {
  /** The part before the @. */
  readonly name: string;
  readonly port: number;
}

/** What EPMD knows of a node that was asked for. */
export interface NodeAddress extends RegisteredNode {
  readonly hidden: boolean;
  /** The highest and lowest version of the handshake that it speaks. */
  readonly highestVersion: number;
  readonly lowestVersion: number;
}

const NAMES_REQ = 110;
const PORT_PLEASE2_REQ = 122;
const PORT2_RESP = 119;
const ALIVE2_REQ = 120;
const ALIVE2_X_RESP = 118;
const ALIVE2_RESP = 121;
const NORMAL = 77;
const HIDDEN = 72;
const MAX_NAME = 255;
const MAX_REPLY = 1024 * 1024;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `110` */
export function encodeNamesRequest(): Uint8Array {
  return request(Buffer.from([NAMES_REQ]));
}

/** `EpmdPort:32 Text`, where the text has a line a node, until EPMD closes. Only a whole reply can be read. */
export function decodeNamesReply(bytes: Uint8Array): RegisteredNode[] {
  if (bytes.length < 4) throw new EpmdProtocolError("the list of names ends too early");
  const lines = textOf(bytes.subarray(4)).split("\n");
  return lines.flatMap((line) => {
    const match = /^name (.+) at port (\d+)\s*$/.exec(line);
    return match === null ? [] : [{ name: match[1] as string, port: Number(match[2]) }];
  });
}

/** `122 Name` */
export function encodePortRequest(name: string): Uint8Array {
  return request(Buffer.concat([Buffer.from([PORT_PLEASE2_REQ]), nameBytes(name)]));
}

/**
 * `119 Result` and, when the result is 0, `Port:16 Type Protocol Highest:16 Lowest:16 NLen:16 Name ELen:16 Extra`.
 * @returns the node, `null` when EPMD knows none of this name, `undefined` when more bytes are needed
 */
export function decodePortReply(bytes: Uint8Array): NodeAddress | null | undefined {
  const buffer = view(bytes);
  if (buffer.length < 2) return undefined;
  if (buffer[0] !== PORT2_RESP) throw new EpmdProtocolError(`a reply of the kind ${buffer[0]}`);
  if (buffer[1] !== 0) return null;
  if (buffer.length < 12) return undefined;
  const length = buffer.readUInt16BE(10);
  if (buffer.length < 12 + length) return undefined;
  return {
    name: textOf(buffer.subarray(12, 12 + length)),
    port: buffer.readUInt16BE(2),
    hidden: buffer[4] === HIDDEN,
    highestVersion: buffer.readUInt16BE(6),
    lowestVersion: buffer.readUInt16BE(8),
  };
}

/** `120 Port:16 Type Protocol Highest:16 Lowest:16 NLen:16 Name ELen:16 Extra`; the connection is the registration's lease. */
export function encodeAliveRequest(name: string, port: number, hidden: boolean): Uint8Array {
  const text = nameBytes(name);
  const body = Buffer.alloc(13 + text.length);
  body[0] = ALIVE2_REQ;
  body.writeUInt16BE(port, 1);
  body[3] = hidden ? HIDDEN : NORMAL;
  body.writeUInt16BE(6, 5);
  body.writeUInt16BE(5, 7);
  body.writeUInt16BE(text.length, 9);
  body.set(text, 11);
  return request(body);
}

/**
 * `118 Result Creation:32`, or of an old EPMD `121 Result Creation:16`.
 * @returns the creation, `null` when the name is refused, `undefined` when more bytes are needed
 */
export function decodeAliveReply(bytes: Uint8Array): number | null | undefined {
  const buffer = view(bytes);
  if (buffer.length < 2) return undefined;
  const wide = buffer[0] === ALIVE2_X_RESP;
  if (!wide && buffer[0] !== ALIVE2_RESP) {
    throw new EpmdProtocolError(`a reply of the kind ${buffer[0]}`);
  }
  if (buffer[1] !== 0) return null;
  if (buffer.length < (wide ? 6 : 4)) return undefined;
  return wide ? buffer.readUInt32BE(2) : buffer.readUInt16BE(2);
}

/** @throws EpmdProtocolError when a reply has grown beyond what any EPMD sends */
export function checkReplySize(bytes: number): void {
  if (bytes > MAX_REPLY) throw new EpmdProtocolError(`a reply of more than ${MAX_REPLY} bytes`);
}

function request(body: Buffer): Uint8Array {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(body.length);
  return Buffer.concat([head, body]);
}

function nameBytes(name: string): Buffer {
  const bytes = Buffer.from(name, "utf8");
  if (bytes.length === 0 || bytes.length > MAX_NAME || name.includes("@")) {
    throw new EpmdProtocolError(`"${name}" is no name that EPMD takes`, {
      remedy: "Give the part before the @, of 1 to 255 bytes.",
    });
  }
  return bytes;
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    throw new EpmdProtocolError("a name that is not UTF-8");
  }
}
