/** What a session is made of: its options, its limits, and whom it tells. */

import type { BeamError } from "../errors.ts";
import type { DecodeLimits } from "../etf/index.ts";
import type { Control } from "./control.ts";
import type { Flags } from "./flags.ts";
import type { Payload } from "./payload.ts";

/** Bounds on what the other side can make us hold. */
export interface SessionLimits {
  /** Bytes of one frame. Default 128 MiB. */
  readonly maxFrame: number;
  /** Bytes of one message put together from fragments. Default 256 MiB. */
  readonly maxMessage: number;
  /** Messages that may be under way in fragments at a time. Default 1024. */
  readonly maxSequences: number;
  /** Bytes that may wait to be written while the other side does not read. Default 256 MiB. */
  readonly maxQueued: number;
  /** Atoms that this process never met before, which it keeps for ever. Default 100,000: a node that writes more is cut off. */
  readonly maxNewAtoms: number;
  /** Milliseconds that the other side has for each step of the handshake. Default 7000, OTP's net_setuptime. */
  readonly setupTime: number;
  /** Milliseconds of silence after which the link is given up; a quarter of it is our own tick. Default 60,000. */
  readonly tickTime: number;
  /** Bounds on decoding one message. */
  readonly decode: Partial<DecodeLimits>;
}

/** The defaults of {@link SessionLimits}. */
export const DEFAULT_SESSION_LIMITS: SessionLimits = {
  maxFrame: 128 * 1024 * 1024,
  maxMessage: 256 * 1024 * 1024,
  maxSequences: 1024,
  maxQueued: 256 * 1024 * 1024,
  maxNewAtoms: 100_000,
  setupTime: 7000,
  tickTime: 60_000,
  decode: {},
};

/** Who calls us, by what it says of itself. */
export interface Caller {
  /** Its full name; only the host of a `dynamic` one. */
  readonly name: string;
  readonly dynamic: boolean;
  /** 0 when it is dynamic, or comes later in the handshake. */
  readonly creation: number;
  readonly flags: Flags;
}

/**
 * What a caller is told. `ok_simultaneous`: we are calling it as well, and give that up; `nok`: it has to give up its call, by the order of
 * the names; `alive`: a link of its name is up, it decides. A dynamic caller is told its name, unlike any other.
 */
export type Verdict =
  | "ok"
  | "ok_simultaneous"
  | "nok"
  | "not_allowed"
  | "alive"
  | { readonly name: string; readonly creation: number };

/** How to greet the other side. Entropy and time come from outside. */
export interface SessionOptions {
  readonly role: "initiator" | "acceptor";
  /** Our full name; with `dynamic` only its host part, and the node gives us a name. */
  readonly name: string;
  readonly dynamic?: boolean;
  /** Our creation: an unsigned 32-bit integer above 3. Ignored when dynamic. */
  readonly creation: number;
  /** The secret that both sides know, or a function that has one for each node; `undefined` refuses it. */
  readonly cookie: string | ((peer: string) => string | undefined);
  /** 32 random bits. */
  readonly challenge: number;
  /** What we offer. Default {@link OFFERED}. */
  readonly flags?: Flags;
  /** Acceptors: decides about a caller. Default: `ok`, and a random name for a dynamic one. Must not throw. */
  readonly admit?: (caller: Caller) => Verdict;
  /** Acceptors: the caller takes the place of the link of its name, which is to be closed; then comes {@link Session.proceed}. */
  readonly replace?: (name: string) => void;
  /** Initiators: take the place of a link of our name that the node thinks alive. Default `false`: give up. */
  readonly takeOver?: boolean;
  /** Initiators: begin as nodes of before OTP 23 do, with the upper flags later. Default `false`. OTP 25.0 to 25.2 refuse it. */
  readonly oldName?: boolean;
  /** The name that the other side must have. Default: any. */
  readonly expectedName?: string;
  /** Bytes of a length during the handshake: 2 over TCP (default), 4 over TLS. */
  readonly handshakeLengthBytes?: 2 | 4;
  readonly limits?: Partial<SessionLimits>;
}

/** Who is on the other side, and who we are to it. */
export interface PeerInfo {
  readonly name: string;
  readonly creation: number;
  /** What both sides can. */
  readonly flags: Flags;
  /** What the node can, whether or not we can. */
  readonly offered: Flags;
  /** Our own name, as the node knows it. */
  readonly localName: string;
  readonly localCreation: number;
}

/** What a session tells. Called while bytes are received; a handler must not throw. */
export interface SessionHandler {
  /** The handshake is done; messages may be sent. */
  up(peer: PeerInfo): void;
  /** A message has come; `payload` is valid during the call, see {@link Payload.keep}. */
  message(control: Control, payload: Payload | undefined): void;
  /** The session is over, for this reason; called at most once, and nothing follows. */
  down(reason: BeamError): void;
}
