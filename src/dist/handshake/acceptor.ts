/** Our side of the handshake when we are called, in version 6. */

import type { BeamError } from "../../errors.ts";
import { digestOf, sameDigest } from "../digest.ts";
import {
  CookieRefusedError,
  HandshakeClosedError,
  MissingFlagsError,
  ProtocolError,
} from "../errors.ts";
import { expandDigest, hasFlag, intersection, missingFlags, OFFERED } from "../flags.ts";
import type { PeerInfo, SessionOptions } from "../session-types.ts";
import { decodeReply, encodeAck, encodeChallenge } from "./challenge.ts";
import { decodeSendName } from "./send-name.ts";
import { encodeStatus } from "./status.ts";

/** Fed with whole handshake frames; answers with frames through `send`. */
export class Acceptor {
  readonly #options: SessionOptions;
  readonly #send: (frame: Uint8Array) => void;
  #peer: PeerInfo | undefined;

  constructor(options: SessionOptions, send: (frame: Uint8Array) => void) {
    this.#options = options;
    this.#send = send;
  }

  start(): void {
    // The initiator speaks first.
  }

  receive(frame: Buffer): PeerInfo | undefined {
    if (this.#peer === undefined) {
      this.#greet(frame);
      return undefined;
    }
    const { challenge, digest } = decodeReply(frame);
    const { cookie } = this.#options;
    if (!sameDigest(digest, digestOf(cookie, this.#options.challenge))) {
      throw new CookieRefusedError(this.#peer.name);
    }
    this.#send(encodeAck(digestOf(cookie, challenge)));
    return this.#peer;
  }

  closed(): BeamError {
    return new HandshakeClosedError(this.#peer?.name ?? "the caller", "it was greeted");
  }

  #greet(frame: Buffer): void {
    const { flags: offered = OFFERED, name: localName, creation, challenge } = this.#options;
    const called = decodeSendName(frame);
    if (called.old) throw new ProtocolError("it speaks the handshake of before OTP 23");
    const missing = missingFlags(called.flags);
    if (missing.length > 0) {
      this.#send(encodeStatus({ type: "not_allowed" }));
      throw new MissingFlagsError(called.name, missing);
    }
    const dynamic = hasFlag(called.flags, "NAME_ME");
    // The entropy that we were given also makes the name, which has to be unlike any other only among our own callers.
    const name = dynamic ? `D${challenge.toString(36).toUpperCase()}@${called.name}` : called.name;
    const peerCreation = dynamic ? (challenge | 4) >>> 0 : called.creation;
    this.#send(
      encodeStatus(dynamic ? { type: "named", name, creation: peerCreation } : { type: "ok" }),
    );
    this.#send(encodeChallenge({ flags: offered, challenge, creation, name: localName }));
    this.#peer = {
      name,
      creation: peerCreation,
      flags: intersection(expandDigest(called.flags), expandDigest(offered)),
      offered: expandDigest(called.flags),
      localName,
      localCreation: creation,
    };
  }
}
