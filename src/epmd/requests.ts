/** EPMD's side of its protocol: requests as they come, and the replies to them. erl_dist_protocol, "EPMD Protocol". */

import type { NodeAddress, RegisteredNode } from "./codec.ts";
import { EpmdProtocolError } from "./errors.ts";

/** A node that wants to be known. */
export interface AliveRequest extends NodeAddress {
  /** 0: TCP over IPv4. */
  readonly protocol: number;
  /** Bytes that the node wants to be told with its port. */
  readonly extra: Uint8Array;
}

/** What EPMD can be asked. `kill` and `stop` are the administrator's. */
export type EpmdRequest =
  | { readonly type: "alive"; readonly node: AliveRequest }
  | { readonly type: "port"; readonly name: string }
  | { readonly type: "names" | "dump" | "kill" | "stop" };

const HIDDEN = 72;
const NORMAL = 77;
const MAX_NAME = 255;
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * `Length:16 Request`.
 * @returns `undefined` while bytes are missing
 * @throws EpmdProtocolError when they are no request
 */
export function decodeRequest(bytes: Uint8Array): EpmdRequest | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 2 || buffer.length < 2 + buffer.readUInt16BE(0)) return undefined;
  const body = buffer.subarray(2, 2 + buffer.readUInt16BE(0));
  switch (body[0]) {
    case 120:
      return { type: "alive", node: alive(body) };
    case 122:
      return { type: "port", name: nameOf(body.subarray(1)) };
    case 110:
      return { type: "names" };
    case 100:
      return { type: "dump" };
    case 107:
      return { type: "kill" };
    case 115:
      return { type: "stop" };
    default:
      throw new EpmdProtocolError(`a request of the kind ${body[0]}`);
  }
}

/** `118 Result Creation:32`, or to a node that does not speak version 6 `121 Result Creation:16`. No creation is a refusal. */
export function encodeAliveReply(creation: number | undefined, highestVersion: number): Uint8Array {
  const wide = highestVersion >= 6;
  const out = Buffer.alloc(wide ? 6 : 4);
  out[0] = wide ? 118 : 121;
  out[1] = creation === undefined ? 1 : 0;
  // Old nodes have creations from 1 to 3.
  if (wide) out.writeUInt32BE(creation ?? 0, 2);
  else out.writeUInt16BE(creation === undefined ? 0 : (creation % 3) + 1, 2);
  return out;
}

/** `119 Result`, and of a node that is known `Port:16 Type Protocol Highest:16 Lowest:16 NLen:16 Name ELen:16 Extra`. */
export function encodePortReply(node: AliveRequest | undefined): Uint8Array {
  if (node === undefined) return Uint8Array.of(119, 1);
  const name = Buffer.from(node.name, "utf8");
  const out = Buffer.alloc(14 + name.length + node.extra.length);
  out[0] = 119;
  out.writeUInt16BE(node.port, 2);
  out[4] = node.hidden ? HIDDEN : NORMAL;
  out[5] = node.protocol;
  out.writeUInt16BE(node.highestVersion, 6);
  out.writeUInt16BE(node.lowestVersion, 8);
  out.writeUInt16BE(name.length, 10);
  out.set(name, 12);
  out.writeUInt16BE(node.extra.length, 12 + name.length);
  out.set(node.extra, 14 + name.length);
  return out;
}

/** `EpmdPort:32`, then a line for each node; `dump` has another form of line. */
export function encodeNamesReply(
  port: number,
  nodes: readonly RegisteredNode[],
  dump = false,
): Uint8Array {
  const lines = nodes.map((node) =>
    dump
      ? `active name     ${node.name} at port ${node.port}, fd = 0\n`
      : `name ${node.name} at port ${node.port}\n`,
  );
  const head = Buffer.alloc(4);
  head.writeUInt32BE(port);
  return Buffer.concat([head, Buffer.from(lines.join(""), "utf8")]);
}

function alive(body: Buffer): AliveRequest {
  const length = body.length < 13 ? Number.POSITIVE_INFINITY : body.readUInt16BE(9);
  if (body.length < 13 + length) throw new EpmdProtocolError("a registration that ends too early");
  const extra = body.readUInt16BE(11 + length);
  if (body.length < 13 + length + extra) {
    throw new EpmdProtocolError("a registration that ends too early");
  }
  return {
    name: nameOf(body.subarray(11, 11 + length)),
    port: body.readUInt16BE(1),
    hidden: body[3] === HIDDEN,
    protocol: body[4] as number,
    highestVersion: body.readUInt16BE(5),
    lowestVersion: body.readUInt16BE(7),
    extra: Uint8Array.from(body.subarray(13 + length, 13 + length + extra)),
  };
}

function nameOf(bytes: Uint8Array): string {
  let name: string;
  try {
    name = strict.decode(bytes);
  } catch {
    throw new EpmdProtocolError("a name that is not UTF-8");
  }
  // A line of the list of names must stay one, and the host is no part of it.
  if (name !== "" && name.length <= MAX_NAME && !/[@\s\p{Cc}]/u.test(name)) return name;
  throw new EpmdProtocolError("a name that EPMD does not take");
}
