/** Our side of the handshake when we are called: version 6, and the old name that is followed by a complement. */

import type { BeamError } from "../../errors.ts";
import { digestOf, sameDigest } from "../digest.ts";
import {
  CookieRefusedError,
  HandshakeClosedError,
  MissingFlagsError,
  NameInUseError,
  NotAllowedError,
  ProtocolError,
} from "../errors.ts";
import {
  expandDigest,
  type Flags,
  hasFlag,
  intersection,
  missingFlags,
  OFFERED,
} from "../flags.ts";
import type { Caller, PeerInfo, SessionOptions, Verdict } from "../session-types.ts";
import { decodeReply, encodeAck, encodeChallenge, encodeOldChallenge } from "./challenge.ts";
import { decodeComplement } from "./complement.ts";
import { cookieFor } from "./cookie.ts";
import { decodeSendName } from "./send-name.ts";
import { decodeStatus, encodeStatus } from "./status.ts";

/** What is expected next; `held` waits for {@link Acceptor.proceed}. */
type Step = "name" | "status" | "complement" | "reply" | "held";

/** Fed with whole handshake frames; answers with frames through `send`. */
export class Acceptor {
  readonly #options: SessionOptions;
  readonly #send: (frame: Uint8Array) => void;
  readonly #offered: Flags;
  #step: Step = "name";
  #name = "the caller";
  #creation = 0;
  #flags: Flags = { high: 0, low: 0 };
  #old = false;
  #takesOver = false;
  #ack: Uint8Array | undefined;

  constructor(options: SessionOptions, send: (frame: Uint8Array) => void) {
    this.#options = options;
    this.#send = send;
    this.#offered = options.flags ?? OFFERED;
  }

  start(): void {
    // The initiator speaks first.
  }

  receive(frame: Buffer): PeerInfo | undefined {
    switch (this.#step) {
      case "name":
        this.#named(frame);
        return undefined;
      case "status":
        this.#decided(frame);
        return undefined;
      case "complement": {
        const { high, creation } = decodeComplement(frame);
        this.#flags = { high, low: this.#flags.low };
        this.#creation = creation;
        this.#checkFlags();
        this.#step = "reply";
        return undefined;
      }
      case "reply":
        return this.#replied(frame);
      case "held":
        throw new ProtocolError("it went on before it was answered");
    }
  }

  /** The link that had the caller's name is gone: the caller may know now that it is connected. */
  proceed(): PeerInfo | undefined {
    this.#takesOver = false;
    if (this.#step !== "held") return undefined;
    this.#send(this.#ack as Uint8Array);
    return this.#peer();
  }

  closed(): BeamError {
    return new HandshakeClosedError(this.#name, "it was greeted");
  }

  #named(frame: Buffer): void {
    const { old, name, flags, creation } = decodeSendName(frame);
    this.#name = name;
    this.#old = old;
    this.#creation = creation;
    this.#flags = flags;
    // Of an old name the upper flags come with the complement, from those who can send one.
    if (!old || !hasFlag(flags, "HANDSHAKE_23")) this.#checkFlags();
    const dynamic = !old && hasFlag(flags, "NAME_ME");
    const verdict = this.#verdict({ name, creation, flags, dynamic });
    if (typeof verdict === "object") {
      this.#name = verdict.name;
      this.#creation = verdict.creation;
      this.#send(encodeStatus({ type: "named", ...verdict }));
      this.#challenge();
      return;
    }
    this.#send(encodeStatus({ type: verdict }));
    if (verdict === "not_allowed") throw new NotAllowedError(name, "called and is not allowed to");
    if (verdict === "nok") throw new NameInUseError(this.#options.name, name, verdict);
    if (verdict === "alive") this.#step = "status";
    else this.#challenge();
  }

  #verdict(caller: Caller): Verdict {
    const verdict = this.#options.admit?.(caller) ?? "ok";
    if (typeof verdict === "object" || !caller.dynamic) return verdict;
    if (verdict !== "ok") return "not_allowed";
    // The entropy that we were given also makes the name, which has to be unlike any other only among our own callers.
    const { challenge } = this.#options;
    return {
      name: `D${challenge.toString(36).toUpperCase()}@${caller.name}`,
      creation: (challenge | 4) >>> 0,
    };
  }

  // What the caller says to a link of its name that is alive: take its place, or leave it.
  #decided(frame: Buffer): void {
    const { type } = decodeStatus(frame);
    if (type === "false") throw new NameInUseError(this.#options.name, this.#name, "alive");
    if (type !== "true") throw new ProtocolError(`the status ${type} answers nothing`);
    this.#takesOver = true;
    this.#challenge();
  }

  #challenge(): void {
    const { name, creation, challenge } = this.#options;
    const answer = { flags: this.#offered, challenge, creation, name };
    const modern = !this.#old || hasFlag(this.#flags, "HANDSHAKE_23");
    this.#send(modern ? encodeChallenge(answer) : encodeOldChallenge(answer));
    this.#step = this.#old && modern ? "complement" : "reply";
  }

  #replied(frame: Buffer): PeerInfo | undefined {
    const { challenge, digest } = decodeReply(frame);
    const cookie = cookieFor(this.#options.cookie, this.#name);
    if (!sameDigest(digest, digestOf(cookie, this.#options.challenge))) {
      throw new CookieRefusedError(this.#name, { remedy: CALLER }, "called with another cookie");
    }
    this.#ack = encodeAck(digestOf(cookie, challenge));
    this.#step = "held";
    if (!this.#takesOver) return this.proceed();
    // Not before it has proven that it knows the cookie: anybody can say a name.
    this.#options.replace?.(this.#name);
    return undefined;
  }

  #checkFlags(): void {
    const missing = missingFlags(this.#flags);
    if (missing.length === 0) return;
    if (this.#step === "name") this.#send(encodeStatus({ type: "not_allowed" }));
    throw new MissingFlagsError(this.#name, missing);
  }

  #peer(): PeerInfo {
    const offered = expandDigest(this.#flags);
    return {
      name: this.#name,
      creation: this.#creation,
      flags: intersection(offered, expandDigest(this.#offered)),
      offered,
      localName: this.#options.name,
      localCreation: this.#options.creation,
    };
  }
}

const CALLER = "Start the caller with the cookie of this node, or give this node the caller's.";
