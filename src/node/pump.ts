/** Joins a session with a transport: bytes both ways, writes gathered per turn of the event loop, and time for the ticks. */

import type { Control, Session, SessionHandler } from "../dist/index.ts";
import type { BeamError } from "../errors.ts";
import type { Term } from "../term/index.ts";
import { after, type Transport } from "../transport/index.ts";

/** Makes the session that tells the given handler. */
export type MakeSession = (handler: SessionHandler) => Session;

/** What the pump tells beside what the session does. */
export interface PumpHandler extends SessionHandler {
  /** Whether the transport takes no more bytes for now. */
  blocked(blocked: boolean): void;
}

const TICK_INTERVAL = 1_000;
/** How long (ms) the other side has to read our last words. */
const PARTING = 1_000;

/** The moving part of a link. */
export class Pump {
  readonly #transport: Transport;
  readonly #session: Session;
  readonly #handler: PumpHandler;
  #ticker: NodeJS.Timeout | undefined;
  #blocked = false;
  #gathering = false;
  #closed = false;
  #emptied: () => void = () => {};

  constructor(transport: Transport, make: MakeSession, handler: PumpHandler) {
    this.#transport = transport;
    this.#handler = handler;
    this.#session = make({
      up: (peer) => handler.up(peer),
      message: (control, payload) => handler.message(control, payload),
      down: (reason) => this.#ended(reason),
    });
  }

  /** Begins the handshake. */
  start(): void {
    this.#ticker = setInterval(() => {
      this.#session.tick(performance.now());
      this.#flush();
    }, TICK_INTERVAL);
    this.#ticker.unref(); // the socket keeps the process alive
    this.#transport.start({
      data: (chunk) => {
        this.#session.receive(chunk, performance.now());
        this.#gather();
      },
      drain: () => this.#drained(),
      closed: (error) => {
        this.#closed = true;
        this.#session.transportClosed(error);
        this.#emptied();
      },
    });
    this.#session.start(performance.now());
    this.#flush();
  }

  /**
   * Sends; a lone message leaves at once, those that follow in the same turn of the event loop leave together.
   * @throws EncodeError InvalidControlError before a byte is written; the link goes on
   */
  send(control: Control, payload?: Term, owed?: boolean): void {
    this.#session.send(control, payload, owed);
    this.#gather();
  }

  /** Lets all that was sent leave, then closes; `grace` milliseconds later at the latest. */
  async end(grace: number): Promise<void> {
    const late = after(grace, () => this.#transport.destroy());
    this.#flush();
    if (this.#session.pendingBytes > 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
    }
    await this.#transport.end();
    clearTimeout(late);
    this.#session.transportClosed();
  }

  /** Bytes that the transport has not taken yet. */
  get pendingBytes(): number {
    return this.#session.pendingBytes;
  }

  /** Whether {@link learnRelease} can make a difference. */
  get releaseMatters(): boolean {
    return this.#session.releaseMatters;
  }

  /** What the node says of itself, which its flags do not. */
  learnRelease(release: number): void {
    this.#session.learnRelease(release);
  }

  /** Acceptors: the link whose place the caller takes is closed now. */
  proceed(): void {
    this.#session.proceed();
    this.#gather();
  }

  /** Gives up at once, for this reason. */
  fail(reason: BeamError): void {
    this.#session.fail(reason);
  }

  /** Gives up at once. */
  destroy(): void {
    this.#session.close();
  }

  #gather(): void {
    if (this.#gathering) return;
    this.#gathering = true;
    setImmediate(() => {
      this.#gathering = false;
      this.#flush();
    });
    this.#flush();
  }

  #flush(): void {
    while (!this.#blocked) {
      const chunks = this.#session.takeOutput(performance.now());
      if (chunks.length === 0) return;
      if (this.#transport.write(chunks)) continue;
      this.#blocked = true;
      this.#handler.blocked(true);
    }
  }

  #drained(): void {
    this.#blocked = false;
    this.#flush();
    if (this.#blocked) return;
    this.#handler.blocked(false);
    this.#emptied();
  }

  #ended(reason: BeamError): void {
    clearInterval(this.#ticker);
    const last = this.#closed ? [] : this.#session.takeOutput(performance.now());
    if (last.length === 0) this.#transport.destroy();
    else this.#part(last);
    this.#handler.down(reason);
  }

  /** The last words of a handshake, which tell the other side why. */
  #part(last: readonly Uint8Array[]): void {
    this.#transport.write(last);
    const late = after(PARTING, () => this.#transport.destroy());
    late.unref();
    void this.#transport.end().then(() => clearTimeout(late));
  }
}
