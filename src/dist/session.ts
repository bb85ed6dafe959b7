/** One link, fed with bytes and time: handshake, frames, ticks, control messages. It holds no socket and no timer. */

import { type BeamError, isBeamError, LimitError } from "../errors.ts";
import { AtomTable, type Destination, TermWriter } from "../etf/index.ts";
import type { Term } from "../term/index.ts";
import { type Control, senderOf } from "./control.ts";
import { hasPayload } from "./control-decode.ts";
import { controlTerm, type Identity } from "./control-encode.ts";
import { HandshakeTimeoutError, NodeDownError, ProtocolError } from "./errors.ts";
import { hasFlag } from "./flags.ts";
import { FrameSplitter } from "./frames.ts";
import { Acceptor } from "./handshake/acceptor.ts";
import { Initiator } from "./handshake/initiator.ts";
import { Inbox } from "./inbox.ts";
import { Outbox } from "./outbox.ts";
import { destinationOf, identityOf } from "./peer.ts";
import {
  DEFAULT_SESSION_LIMITS,
  type PeerInfo,
  type SessionHandler,
  type SessionLimits,
  type SessionOptions,
} from "./session-types.ts";

/** How soon after our last write a tick is answered, in milliseconds. */
const TICK_PAUSE = 250;

/**
 * The state machine of a link. After each call the driver writes what {@link Session.takeOutput} gives.
 * @example
 * import { randomInt } from "node:crypto";
 * import { connect } from "node:net";
 * import { Session } from "beamctl/dist";
 *
 * const socket = connect(9_100); // the port that EPMD tells
 * const cookie = process.env.SHOP_COOKIE!;
 * const session = new Session(
 *   { role: "initiator", name: "ops@localhost", creation: 4, cookie, challenge: randomInt(2 ** 32) },
 *   {
 *     up: ({ name }) => console.log(`${name} is up`),
 *     message: (control, payload) => console.log(control.type, payload?.decode()),
 *     down: ({ message }) => console.error(message),
 *   },
 * );
 * const now = () => performance.now();
 * const flush = () => session.takeOutput(now()).forEach((bytes) => socket.write(bytes));
 * socket.on("data", (chunk) => (session.receive(chunk, now()), flush()));
 * socket.on("close", () => session.transportClosed());
 * setInterval(() => (session.tick(now()), flush()), 1_000);
 * session.start(now());
 * flush();
 */
export class Session {
  readonly limits: SessionLimits;
  readonly #expectedName: string | undefined;
  readonly #lengthBytes: 2 | 4;
  readonly #handler: SessionHandler;
  /** Until the link is up: it knows the cookie. */
  #handshake: Initiator | Acceptor | undefined;
  readonly #frames: FrameSplitter;
  readonly #inbox: Inbox;
  #outbox = new Outbox(false, false);
  #destination: Destination | undefined;
  #atomCache = false;
  #greetings: Uint8Array[] = [];
  #state: "handshake" | "up" | "closed" = "handshake";
  #peer: PeerInfo | undefined;
  #identity: Identity | undefined;
  #lastRead = 0;
  #lastWrite = 0;

  constructor(options: SessionOptions, handler: SessionHandler) {
    this.limits = { ...DEFAULT_SESSION_LIMITS, ...options.limits };
    this.#expectedName = options.expectedName;
    this.#lengthBytes = options.handshakeLengthBytes ?? 2;
    this.#handler = handler;
    this.#frames = new FrameSplitter(this.#lengthBytes, this.limits.maxFrame);
    this.#inbox = new Inbox(this.limits, (control, payload) => handler.message(control, payload));
    const greet = (frame: Uint8Array) => this.#greet(frame);
    this.#handshake =
      options.role === "initiator" ? new Initiator(options, greet) : new Acceptor(options, greet);
  }

  /** How far it has come. */
  get state(): "handshake" | "up" | "closed" {
    return this.#state;
  }

  /** Who is on the other side, once the handshake is done. */
  get peer(): PeerInfo | undefined {
    return this.#peer;
  }

  /** Bytes that wait to be taken. */
  get pendingBytes(): number {
    return this.#outbox.bytes;
  }

  /** Whether {@link learnRelease} can make a difference. */
  get releaseMatters(): boolean {
    return this.#destination?.signedZeros === false && this.#destination.v4;
  }

  /** The node has told its OTP release: until then one whose flags do not tell is taken for an old one. */
  learnRelease(release: number): void {
    if (this.#destination === undefined || release < 27) return;
    this.#destination.wide = true;
    this.#destination.signedZeros = true;
  }

  /** Begins the handshake. `now` is in milliseconds of any monotonic clock, here and below. */
  start(now: number): void {
    this.#lastRead = now;
    this.#lastWrite = now;
    this.#handshake?.start();
  }

  /** Bytes from the other side; the chunk may be reused afterwards. */
  receive(chunk: Uint8Array, now: number): void {
    if (this.#state === "closed") return;
    // A caller that greets a byte at a time is as slow as one that says nothing.
    if (this.#state === "up") this.#lastRead = now;
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#guarded(() => {
      const over = this.#frames.push(buffer, (frame, owned) => {
        if (this.#state === "handshake") {
          this.#lastRead = now;
          this.#greeted(frame);
        } else if (frame.length === 0) this.#ticked(now);
        else this.#inbox.frame(frame, owned);
        return this.#state !== "closed";
      });
      const { newAtoms = 0 } = this.#destination ?? {};
      if (newAtoms > this.limits.maxNewAtoms) {
        throw new LimitError(`${newAtoms} atoms that nobody had before, which stay for ever`);
      }
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
      this.#inbox.sweep(now, 2 * tickTime);
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
   * @param owed whether the other side waits for it, as for the end of what it watches: then it may take twice the room
   * @throws LimitError when too much waits already, since the node does not read; nothing is queued then
   */
  send(control: Control, message?: Term, owed = false): void {
    const identity = this.#identity;
    if (this.#state !== "up" || identity === undefined) {
      throw new NodeDownError(this.#label(), "the link is not up");
    }
    const table = this.#atomCache ? new AtomTable() : undefined;
    const head = new TermWriter(this.#destination, table);
    head.write(controlTerm(control, message, identity));
    let parts: Uint8Array[] = [];
    if (hasPayload(control)) {
      if (message === undefined) throw new ProtocolError(`${control.type} without its message`);
      const body = new TermWriter(this.#destination, table);
      body.write(message);
      parts = body.parts();
    }
    const { bytes } = this.#outbox;
    const { maxQueued } = this.limits;
    if (bytes > (owed ? 2 * maxQueued : maxQueued)) {
      throw new LimitError(`${bytes} bytes wait for ${this.#label()}, which does not read them`, {
        node: this.#label(),
      });
    }
    this.#outbox.add(senderOf(control), {
      control: Buffer.concat(head.parts()),
      parts,
      atoms: table?.atoms ?? [],
    });
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
    if (this.#state === "handshake")
      this.#end(error ?? (this.#handshake as Initiator | Acceptor).closed());
    else {
      const why = error === undefined ? "it closed the connection" : error.message;
      this.#end(new NodeDownError(this.#label(), why, { cause: error }));
    }
  }

  /** Gives the link up, for this reason. */
  fail(reason: BeamError): void {
    this.#end(reason);
  }

  /** We are done with the link. */
  close(): void {
    this.#end(new NodeDownError(this.#label(), "it was closed here", { retryable: false }));
  }

  #greet(frame: Uint8Array): void {
    const size = this.#lengthBytes;
    const out = Buffer.alloc(size + frame.length);
    out.writeUIntBE(frame.length, 0, size);
    out.set(frame, size);
    this.#greetings.push(out);
  }

  /** Acceptors: the link that had the caller's name is closed now. */
  proceed(): void {
    const handshake = this.#handshake;
    if (this.#state !== "handshake" || !(handshake instanceof Acceptor)) return; // it has hung up meanwhile
    this.#guarded(() => {
      const peer = handshake.proceed();
      if (peer !== undefined) this.#isUp(peer);
    });
  }

  #greeted(frame: Buffer): void {
    const peer = this.#handshake?.receive(frame);
    if (peer !== undefined) this.#isUp(peer);
  }

  #isUp(peer: PeerInfo): void {
    this.#handshake = undefined;
    this.#peer = peer;
    this.#identity = identityOf(peer);
    this.#frames.widen();
    const fragments = hasFlag(peer.flags, "FRAGMENTS");
    this.#atomCache = hasFlag(peer.flags, "DIST_HDR_ATOM_CACHE");
    this.#outbox = new Outbox(fragments || this.#atomCache, fragments);
    this.#destination = destinationOf(peer);
    this.#inbox.peer = this.#destination;
    this.#state = "up";
    this.#handler.up(peer);
  }

  #ticked(now: number): void {
    // Always answered, since the node's own tick time may be short; yet not at once, or two of us would never stop.
    if (now - this.#lastWrite >= TICK_PAUSE) this.#outbox.tick();
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
    return this.#peer?.name ?? this.#expectedName ?? "the other side";
  }
}
