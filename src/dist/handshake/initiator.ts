/** Our side of the handshake when we call: send_name, status, challenge, reply, ack (version 6). */

import type { BeamError } from "../../errors.ts";
import { digestOf, sameDigest } from "../digest.ts";
import {
  CookieRefusedError,
  HandshakeClosedError,
  MissingFlagsError,
  NameInUseError,
  NotAllowedError,
  ProtocolError,
  WrongNodeNameError,
} from "../errors.ts";
import {
  expandDigest,
  type Flags,
  intersection,
  missingFlags,
  NAME_ME,
  OFFERED,
  union,
} from "../flags.ts";
import type { PeerInfo, SessionOptions } from "../session-types.ts";
import { decodeAck, decodeChallenge, encodeReply } from "./challenge.ts";
import { encodeComplement } from "./complement.ts";
import { cookieFor } from "./cookie.ts";
import { encodeOldSendName, encodeSendName } from "./send-name.ts";
import { decodeStatus, encodeStatus } from "./status.ts";

type Step = "status" | "challenge" | "ack";

/** Fed with whole handshake frames; answers with frames through `send`. */
export class Initiator {
  readonly #options: SessionOptions;
  readonly #send: (frame: Uint8Array) => void;
  readonly #offered: Flags;
  readonly #label: string;
  #step: Step = "status";
  #localName: string;
  #localCreation: number;
  #peer: PeerInfo | undefined;

  constructor(options: SessionOptions, send: (frame: Uint8Array) => void) {
    this.#options = options;
    this.#send = send;
    const offered = options.flags ?? OFFERED;
    this.#offered = options.dynamic === true ? union(offered, NAME_ME) : offered;
    this.#label = options.expectedName ?? "the other side";
    this.#localName = options.name;
    this.#localCreation = options.dynamic === true ? 0 : options.creation;
  }

  start(): void {
    if (this.#options.oldName === true) {
      this.#send(encodeOldSendName({ flags: this.#offered, name: this.#localName }));
      return;
    }
    this.#send(
      encodeSendName({
        flags: this.#offered,
        creation: this.#localCreation,
        name: this.#localName,
      }),
    );
  }

  /** @returns who the peer is, once all is proven */
  receive(frame: Buffer): PeerInfo | undefined {
    switch (this.#step) {
      case "status":
        this.#status(frame);
        return undefined;
      case "challenge":
        this.#challenge(frame);
        return undefined;
      case "ack": {
        const cookie = cookieFor(this.#options.cookie, (this.#peer as PeerInfo).name);
        const expected = digestOf(cookie, this.#options.challenge);
        if (!sameDigest(decodeAck(frame), expected)) {
          throw new CookieRefusedError(this.#label, {
            remedy: "It knows another cookie than ours although it took ours: do not trust it.",
          });
        }
        return this.#peer;
      }
    }
  }

  /** What it means that the other side closed the connection now. */
  closed(): BeamError {
    // A node that sees a wrong digest says nothing: it closes, and writes to its own log.
    if (this.#step === "ack") return new CookieRefusedError(this.#label);
    const step = this.#step === "status" ? "it was told our name" : "it was to send its challenge";
    return new HandshakeClosedError(this.#label, step);
  }

  #status(frame: Buffer): void {
    const status = decodeStatus(frame);
    const dynamic = this.#options.dynamic === true;
    switch (status.type) {
      case "named":
        if (!dynamic) throw new ProtocolError("it gave us a name that we did not ask for");
        this.#localName = status.name;
        this.#localCreation = status.creation;
        break;
      case "ok":
      case "ok_simultaneous":
        if (dynamic) throw new MissingFlagsError(this.#label, ["NAME_ME"]);
        break;
      case "alive":
        // Taking over cuts the connection that is there; a visitor does not do that.
        this.#send(encodeStatus({ type: this.#options.takeOver === true ? "true" : "false" }));
        if (this.#options.takeOver === true) break;
        throw new NameInUseError(this.#label, this.#localName, "alive");
      case "nok":
        throw new NameInUseError(this.#label, this.#localName, "nok");
      case "not_allowed":
        throw new NotAllowedError(this.#label);
      default:
        throw new ProtocolError(`the status ${status.type} answers no name`);
    }
    this.#step = "challenge";
  }

  #challenge(frame: Buffer): void {
    const { expectedName, cookie, challenge: ours } = this.#options;
    const { flags, challenge, creation, name } = decodeChallenge(frame);
    const missing = missingFlags(flags);
    if (missing.length > 0) throw new MissingFlagsError(name, missing);
    if (expectedName !== undefined && expectedName !== name) {
      throw new WrongNodeNameError(expectedName, name);
    }
    this.#peer = {
      name,
      creation,
      flags: intersection(expandDigest(flags), expandDigest(this.#offered)),
      offered: expandDigest(flags),
      localName: this.#localName,
      localCreation: this.#localCreation,
    };
    const proof = digestOf(cookieFor(cookie, name), challenge);
    if (this.#options.oldName === true) {
      this.#send(encodeComplement({ high: this.#offered.high, creation: this.#localCreation }));
    }
    this.#send(encodeReply(ours, proof));
    this.#step = "ack";
  }
}
