/** A server of ours that processes of the BEAM call as a gen_server: `gen_server:call({Name, Node}, Request)`. */

import type { Extras } from "../dist/index.ts";
import { type BeamError, isBeamError, LimitError } from "../errors.ts";
import { atom, type Pid, Reference, type Term, tuple } from "../term/index.ts";
import { Raise, textOfThrown } from "./functions.ts";
import { type Asked, answerCall, type From, readGenMessage, referenceOf } from "./gen-protocol.ts";
import type { Home } from "./home.ts";
import { MessageQueue } from "./message-queue.ts";
import { type Encoded, LocalProcess, present, type Via, whenRoom } from "./processes.ts";

/** What a server does with what comes. */
export interface ServerHandlers {
  /**
   * Answers `gen_server:call` and `gen_statem:call` with what it returns. When it throws, the caller exits with the reason of a
   * {@link Raise}, else with the error's name and message, and the server goes on.
   */
  readonly call?: (request: Term, caller: Pid) => Term | Promise<Term>;
  /** Takes `gen_server:cast`. */
  readonly cast?: (message: Term) => void | Promise<void>;
  /** Takes every other message, and `{:EXIT, pid, reason}` for exit signals. */
  readonly info?: (message: Term) => void | Promise<void>;
  /** Called with what a handler threw that was no {@link Raise}, and with messages that cannot be read. */
  readonly failed?: (error: unknown) => void;
}

/** How a server works. */
export interface ServerOptions {
  /** How many messages are handled at a time. Default 1, as a gen_server: each waits for the one before. */
  readonly concurrency?: number | undefined;
  /** Most messages that wait. One more ends the server. Default 10000. */
  readonly limit?: number | undefined;
  /** Most bytes that they have. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
}

/**
 * A server that runs. `await using` ends it.
 * @example
 * import { atom, startNode, tuple } from "beamctl";
 *
 * await using us = await startNode("ops@localhost", { cookie: process.env.SHOP_COOKIE! });
 * await using prices = us.serve("prices", {
 *   call: (request) => tuple(atom("ok"), request), // GenServer.call({:prices, :"ops@localhost"}, :tea)
 *   cast: (message) => console.log(message),
 * });
 */
export class Server implements AsyncDisposable {
  readonly pid: Pid;
  readonly #process: ServerProcess;

  /** @internal Use `LocalNode.serve`. */
  constructor(home: Home, name: string, handlers: ServerHandlers, options: ServerOptions) {
    this.#process = new ServerProcess(home, handlers, options);
    this.pid = home.enter(this.#process);
    try {
      home.register(atom(name), this.#process);
    } catch (error) {
      home.leave(this.#process);
      throw error;
    }
  }

  /** Ends it: who monitors it or waits for it hears the reason, by default `normal`. */
  close(reason?: Term): void {
    this.#process.end(reason);
  }

  /** As {@link Server.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

const EXIT = atom("EXIT");
const BADARG = atom("badarg");

class ServerProcess extends LocalProcess {
  readonly #home: Home;
  readonly #handlers: ServerHandlers;
  readonly #concurrency: number;
  readonly #limit: number;
  readonly #maxBytes: number;
  readonly #queue = new MessageQueue();
  #running = 0;

  constructor(home: Home, handlers: ServerHandlers, options: ServerOptions) {
    super();
    this.#home = home;
    this.#handlers = handlers;
    this.#concurrency = options.concurrency ?? 1;
    this.#limit = options.limit ?? 10_000;
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
  }

  override get addressable(): boolean {
    return true;
  }

  override message(payload: Encoded, extras: Extras, via?: Via): void {
    const read = () => payload.decode();
    if (
      this.#queue.bytes + payload.byteLength > this.#maxBytes ||
      this.#queue.size >= this.#limit
    ) {
      const error = new LimitError(
        `a server of ours has ${this.#queue.size} messages that wait, and ends`,
      );
      this.end(atom("system_limit"));
      this.#failed(error);
      return;
    }
    this.#queue.push({ payload, read, asked: { extras, via } }, false);
    this.#work();
  }

  override exit(from: Pid, reason: Encoded): void {
    this.message(present(tuple(EXIT, from, reason.decode()), reason.byteLength), {});
  }

  override lost(): void {
    this.#queue.clear();
  }

  override broken(error: BeamError): void {
    this.#failed(error); // one message that nobody can read is no reason to end
  }

  end(reason?: Term): void {
    this.#queue.clear();
    this.#home.leave(this, reason);
  }

  #work(): void {
    while (this.#running < this.#concurrency) {
      const next = this.#queue.take();
      if (next === undefined) return;
      this.#running += 1;
      // A turn of its own: what handlers do is not part of reading the socket.
      void Promise.resolve()
        .then(() => this.#handle(next.read(), next.asked ?? { extras: {}, via: undefined }))
        .catch((error: unknown) => this.#failed(error))
        .then(() => {
          this.#running -= 1;
          this.#work();
        });
    }
  }

  async #handle(term: Term, asked: Asked): Promise<void> {
    const message = readGenMessage(term);
    if (message.type === "call" && this.#handlers.call !== undefined) {
      await this.#call(this.#handlers.call, message.from, message.request, asked);
    } else if (message.type === "cast" && this.#handlers.cast !== undefined) {
      await this.#handlers.cast(message.message);
    } else await this.#handlers.info?.(term);
  }

  async #call(
    call: NonNullable<ServerHandlers["call"]>,
    from: From,
    request: Term,
    asked: Asked,
  ): Promise<void> {
    try {
      const reply = await call(request, from.pid);
      await whenRoom(asked.via, () => {
        const own = this.address?.pid;
        if (own !== undefined) answerCall(this.#home, own, from, reply, asked);
      });
    } catch (error) {
      const raised = error instanceof Raise;
      this.#fail(from, raised ? error.reason : isBeamError(error) ? BADARG : textOfThrown(error));
      if (!raised) this.#failed(error);
    }
  }

  /** The caller, who monitors us, hears that this call has no answer. */
  #fail(from: From, reason: Term): void {
    const ref = referenceOf(from.tag);
    if (ref instanceof Reference)
      this.#home.links.get(from.pid.node)?.relations.cut(this, ref, reason);
  }

  #failed(error: unknown): void {
    const { failed } = this.#handlers;
    if (failed !== undefined) queueMicrotask(() => failed(error));
  }
}
