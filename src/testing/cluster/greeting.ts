/** The handshake as it passes: who calls whom, and what they offer each other. erl_dist_protocol, "Distribution Handshake". */

import { decodeChallenge } from "../../dist/handshake/challenge.ts";
import { decodeSendName } from "../../dist/handshake/send-name.ts";
import { decodeStatus } from "../../dist/handshake/status.ts";
import { type Flags, hasFlag } from "../../dist/index.ts";
import { BeamError } from "../../errors.ts";

/** What is learned from one message of the handshake. */
export type Greeting =
  /** The caller's name; `undefined` for a caller who is about to be given one. */
  | { readonly type: "caller"; readonly name: string | undefined; readonly flags: Flags }
  | { readonly type: "named"; readonly name: string }
  | { readonly type: "callee"; readonly name: string; readonly flags: Flags }
  /** The last message of this direction. */
  | { readonly type: "last" }
  | { readonly type: "other" };

/** What makes messages depend on those before them: headers with the atom cache, and fragments. */
const DEPENDENT = 0x802000;

/** Cuts the handshake of one direction into its messages, and tells where it ends. */
export class GreetingReader {
  readonly #caller: boolean;
  readonly #alone: boolean;
  #bytes: Buffer = Buffer.alloc(0);

  /**
   * @param caller whether it is the caller's direction
   * @param alone has both sides send each message so that it can be read alone
   */
  constructor(caller: boolean, alone: boolean) {
    this.#caller = caller;
    this.#alone = alone;
  }

  /**
   * Calls `take` for each whole message, with the bytes to pass on.
   * @returns what follows the handshake, once it is over; `undefined` when it is none, as of TLS: {@link rest} has the bytes
   */
  push(
    chunk: Buffer,
    take: (greeting: Greeting, bytes: Buffer) => void,
  ): Buffer | "more" | undefined {
    let bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    while (bytes.length >= 2) {
      const end = 2 + bytes.readUInt16BE(0);
      if (bytes[0] === 0x16) break; // TLS; no name is so long
      if (bytes.length < end) break;
      const message = bytes.subarray(0, end);
      const greeting = this.#read(message.subarray(2));
      if (greeting === undefined) break;
      bytes = bytes.subarray(end);
      this.#bytes = bytes;
      take(greeting, message);
      if (greeting.type === "last") return bytes;
    }
    this.#bytes = bytes;
    return this.#foreign(bytes) ? undefined : "more";
  }

  /** What was not passed on. */
  get rest(): Buffer {
    return this.#bytes;
  }

  #foreign(bytes: Buffer): boolean {
    if (bytes[0] === 0x16) return true;
    return bytes.length > 2 && bytes.length >= 2 + bytes.readUInt16BE(0);
  }

  #read(frame: Buffer): Greeting | undefined {
    const tag = String.fromCharCode(frame[0] ?? 0);
    try {
      if (tag === "N" || tag === "n") {
        const greeting = this.#caller ? caller(frame) : callee(frame);
        if (this.#alone) stripDependent(frame, tag === "N" ? 5 : 3);
        return greeting;
      }
      if (tag === "s") {
        const status = decodeStatus(frame);
        return status.type === "named" ? { type: "named", name: status.name } : { type: "other" };
      }
    } catch (error) {
      if (error instanceof BeamError) return undefined;
      throw error;
    }
    if (tag === (this.#caller ? "r" : "a")) return { type: "last" };
    return tag === "c" ? { type: "other" } : undefined;
  }
}

function caller(frame: Buffer): Greeting {
  const { name, flags, old } = decodeSendName(frame);
  const dynamic = !old && hasFlag(flags, "NAME_ME");
  return { type: "caller", name: dynamic ? undefined : name, flags };
}

function callee(frame: Buffer): Greeting {
  const { name, flags } = decodeChallenge(frame);
  return { type: "callee", name, flags };
}

// The proof of the cookie covers the challenge alone, so that nobody minds.
function stripDependent(frame: Buffer, offset: number): void {
  frame.writeUInt32BE((frame.readUInt32BE(offset) & ~DEPENDENT) >>> 0, offset);
}
