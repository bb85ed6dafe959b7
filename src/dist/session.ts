/** One link, fed with bytes and time: handshake, frames, ticks, control messages. It holds no socket and no timer. */

import { type BeamError, isBeamError } from "../errors.ts";
import {
  DEFAULT_LIMITS,
  type DecodeLimits,
  TermReader,
  TermWriter,
  type TermWriterOptions,
} from "../etf/index.ts";
import { type Atom, atom, type Term } from "../term/index.ts";
import { AtomCache } from "./atom-cache.ts";
import type { Control } from "./control.ts";
import { decodeControl, hasPayload } from "./control-decode.ts";
import { controlTerm, type Identity } from "./control-encode.ts";
import { HandshakeTimeoutError, NodeDownError, ProtocolError } from "./errors.ts";
import { hasFlag } from "./flags.ts";
import { Fragments } from "./fragments.ts";
import { FrameSplitter } from "./frames.ts";
import { Acceptor } from "./handshake/acceptor.ts";
import { Initiator } from "./handshake/initiator.ts";
import { Outbox } from "./outbox.ts";
import { Payload } from "./payload.ts";
import {
  DEFAULT_SESSION_LIMITS,
  type PeerInfo,
  type SessionHandler,
  type SessionLimits,
  type SessionOptions,
} from "./session-types.ts";

/** The state machine of a link. After each call the driver writes what {@link Session.takeOutput} gives. */
export class Session {
  readonly limits: SessionLimits;
  readonly #options: SessionOptions;
  readonly #handler: SessionHandler;
  readonly #handshake: Initiator | Acceptor;
  readonly #frames: FrameSplitter;
  readonly #cache = new AtomCache();
  readonly #fragments: Fragments;
  readonly #decode: DecodeLimits;
  #outbox = new Outbox(false);
  #writing: TermWriterOptions = {};
  #greetings: Uint8Array[] = [];
  #state: "handshake" | "up" | "closed" = "handshake";
  #peer: PeerInfo | undefined;
  #identity: Identity | undefined;
  #lastRead = 0;
  #lastWrite = 0;

  constructor(options: SessionOptions, handler: SessionHandler) {
    this.limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits };
    this.#options = options;
    this.#handler = handler;
    this.#decode = { ...DEFAULT_LIMITS, ...this.limits.decode };
    this.#frames = new FrameSplitter(options.handshakeLengthBytes ?? 2, this.limits.maxFrame);
    this.#fragments = new Fragments(this.limits.maxMessage, this.limits.maxSequences);
    const greet = (frame: Uint8Array) => this.#greet(frame);
    this.#handshake =
      options.role === "initiator" ? new Initiator(options, greet) : new Acceptor(options, greet);
  }

  get state(): "handshake" | "up" | "closed" {
    return this.#state;
  }

  get peer(): PeerInfo | undefined {
    return this.#peer;
  }

  /** Bytes that wait to be taken. */
  get pendingBytes(): number {
    return this.#outbox.bytes;
  }

  /** Begins the handshake. `now` is in milliseconds of any monotonic clock, here and below. */
  start(now: number): void {
    this.#lastRead = now;
    this.#lastWrite = now;
    this.#handshake.start();
  }

  /** Bytes from the other side; the chunk may be reused afterwards. */
  receive(chunk: Uint8Array, now: number): void {
    if (this.#state === "closed") return;
    this.#lastRead = now;
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#guarded(() => {
      const over = this.#frames.push(buffer, (frame, owned) => {
        if (this.#state === "handshake") this.#greeted(frame);
        else if (frame.length === 0) this.#ticked(now);
        else this.#frame(frame, owned);
        return this.#state !== "closed";
      });
      if (over !== undefined) {
        throw new ProtocolError(
          `a frame of ${over} bytes, over the limit of ${this.limits.maxFrame}`,
        );
      }
    });
  }

  /** Keeps the link alive and notices a dead one; to be called about once a second. */
  tick(now: number): void {
    const silent = now - this.#lastRead;
    if (this.#state === "handshake") {
      const { setupTime } = this.limits;
      if (silent >= setupTime) this.#end(new HandshakeTimeoutError(this.#label(), setupTime));
    } else if (this.#state === "up") {
      const { tickTime } = this.limits;
      if (silent >= tickTime) {
        this.#end(new NodeDownError(this.#label(), `nothing was heard for ${tickTime} ms`));
      } else if (now - this.#lastWrite >= tickTime / 4 && this.#outbox.bytes === 0) {
        this.#outbox.tick();
      }
    }
  }

  /**
   * Queues a control message, with its message where it has one.
   * @throws InvalidControlError or EncodeError when the node would not accept it; nothing is queued then
   */
  send(control: Control, message?: Term): void {
    const identity = this.#identity;
    if (this.#state !== "up" || identity === undefined) {
      throw new NodeDownError(this.#label(), "the link is not up");
    }
    const head = new TermWriter(this.#writing);
    head.write(controlTerm(control, message, identity));
    let parts: Uint8Array[] = [];
    if (hasPayload(control)) {
      if (message === undefined) throw new ProtocolError(`${control.type} without its message`);
      const body = new TermWriter(this.#writing);
      body.write(message);
      parts = body.parts();
    }
    this.#outbox.add(senderOf(control), Buffer.concat(head.parts()), parts);
  }

  /**
   * What is to be written now, in order.
   * @param maxBytes stops fragments of large messages here, so that later small ones can pass; default 256 KiB
   */
  takeOutput(now: number, maxBytes: number = 256 * 1024): Uint8Array[] {
    const greetings = this.#greetings;
    this.#greetings = [];
    if (this.#state !== "up") return greetings;
    const out = this.#outbox.take(maxBytes);
    if (out.length > 0) this.#lastWrite = now;
    return greetings.length > 0 ? [...greetings, ...out] : out;
  }

  /** The transport is gone, with the error that it gave. */
  transportClosed(error?: BeamError): void {
    if (this.#state === "closed") return;
    if (this.#state === "handshake") this.#end(error ?? this.#handshake.closed());
    else {
      const why = error === undefined ? "it closed the connection" : error.message;
      this.#end(new NodeDownError(this.#label(), why, { cause: error }));
    }
  }

  /** We are done with the link. */
  close(): void {
    this.#end(new NodeDownError(this.#label(), "it was closed here", { retryable: false }));
  }

  #greet(frame: Uint8Array): void {
    const size = this.#options.handshakeLengthBytes ?? 2;
    const out = Buffer.alloc(size + frame.length);
    out.writeUIntBE(frame.length, 0, size);
    out.set(frame, size);
    this.#greetings.push(out);
  }

  #greeted(frame: Buffer): void {
    const peer = this.#handshake.receive(frame);
    if (peer === undefined) return;
    this.#peer = peer;
    this.#identity = {
      local: atom(peer.localName),
      localCreation: peer.localCreation,
      peer: atom(peer.name),
    };
    this.#frames.widen();
    this.#outbox = new Outbox(hasFlag(peer.flags, "FRAGMENTS"));
    // No flag tells OTP 27 from those before it, so only OTP 28 and later get such maps.
    this.#writing = { signedZeros: hasFlag(peer.offered, "ALTACT_SIG") };
    this.#state = "up";
    this.#handler.up(peer);
  }

  #ticked(now: number): void {
    // Answered as primitive nodes do, but seldom, or two of us would never stop.
    if (now - this.#lastWrite >= this.limits.tickTime / 8) this.#outbox.tick();
  }

  #frame(frame: Buffer, owned: boolean): void {
    if (frame[0] === 112) {
      if (frame[1] !== 131) throw new ProtocolError("a pass-through message without its version");
      this.#message(frame, 2, [], owned, true);
      return;
    }
    if (frame[0] !== 131) throw new ProtocolError(`a frame that begins with ${frame[0]}`);
    switch (frame[1]) {
      case 68: {
        const { atoms, offset } = this.#cache.read(frame, 2);
        this.#message(frame, offset, atoms, owned, false);
        return;
      }
      case 69: {
        const { sequence, number } = fragmentHead(frame);
        const { atoms, offset } = this.#cache.read(frame, 18);
        const part = owned ? frame.subarray(offset) : Buffer.from(frame.subarray(offset));
        this.#whole(this.#fragments.first(sequence, number, atoms, part));
        return;
      }
      case 70: {
        const { sequence, number } = fragmentHead(frame);
        const part = owned ? frame.subarray(18) : Buffer.from(frame.subarray(18));
        this.#whole(this.#fragments.next(sequence, number, part));
        return;
      }
      default:
        throw new ProtocolError(`a frame of the kind ${frame[1]}`);
    }
  }

  #whole(done: { atoms: readonly Atom[]; message: Buffer } | undefined): void {
    if (done !== undefined) this.#message(done.message, 0, done.atoms, true, false);
  }

  #message(
    frame: Buffer,
    offset: number,
    atoms: readonly Atom[],
    owned: boolean,
    versioned: boolean,
  ): void {
    const reader = new TermReader(frame, offset, this.#decode, atoms);
    const control = decodeControl(reader.read());
    let payload: Payload | undefined;
    if (hasPayload(control)) {
      const from = reader.offset + (versioned ? 1 : 0);
      if (from >= frame.length) throw new ProtocolError(`${control.type} without its message`);
      payload = new Payload(frame.subarray(from), atoms, this.#decode, owned);
    }
    this.#handler.message(control, payload);
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      const typed = isBeamError(error)
        ? error
        : new ProtocolError("something unexpected", { cause: error });
      this.#end(
        this.#state === "up"
          ? new NodeDownError(this.#label(), typed.message, { cause: typed })
          : typed,
      );
    }
  }

  #end(reason: BeamError): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#handler.down(reason);
  }

  #label(): string {
    return this.#peer?.name ?? this.#options.expectedName ?? "the other side";
  }
}

function fragmentHead(frame: Buffer): { sequence: bigint; number: number } {
  if (frame.length < 18) throw new ProtocolError("a fragment that is cut short");
  const number = frame.readBigUInt64BE(10);
  if (number > 0xffff_ffffn) throw new ProtocolError("a message of too many fragments");
  return { sequence: frame.readBigUInt64BE(2), number: Number(number) };
}

function senderOf(control: Control): string {
  return "from" in control ? String(control.from) : "";
}
