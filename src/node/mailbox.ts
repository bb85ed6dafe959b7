/** A process of ours that others send to: a bounded queue of messages, read one by one or as an async iterable. */

import { AbortedError, BeamError, LimitError, TimeoutError } from "../errors.ts";
import { atom, type Pid, type Term, tuple } from "../term/index.ts";
import { MailboxClosedError } from "./errors.ts";
import type { Link } from "./link.ts";
import { type Encoded, LocalProcess } from "./processes.ts";
import { DEFAULT_TIMEOUT, type WaitOptions } from "./request.ts";
import type { Deadline } from "./timer-wheel.ts";

/** How a mailbox is made. */
export interface MailboxOptions {
  /** Most messages that wait unread. One more ends the mailbox. Default 10000. */
  readonly limit?: number | undefined;
}

/** A pid of ours with a queue. `await using` closes it. */
export class Mailbox implements AsyncIterable<Term>, AsyncDisposable {
  /** Send it to a process there, which then can send here. */
  readonly pid: Pid;
  readonly #inbox: Inbox;

  /** @internal Made by `BeamNode.mailbox`. */
  constructor(link: Link, options: MailboxOptions = {}) {
    this.#inbox = new Inbox(link, options.limit ?? 10_000);
    this.pid = this.#inbox.open();
  }

  /** How many messages wait unread. */
  get size(): number {
    return this.#inbox.size;
  }

  /**
   * The next message; messages that came before the end are still given out. An exit signal is the message
   * `{:EXIT, from, reason}`, as for a process that traps exits. Default timeout 5000 ms; `0` waits without end.
   * @throws TimeoutError AbortedError
   * @throws MailboxClosedError after {@link close}
   * @throws LimitError when more messages came than the mailbox holds
   * @throws NodeDownError when the link is lost
   * @throws DecodeError for one message that cannot be read
   */
  receive(options: WaitOptions = {}): Promise<Term> {
    return this.#inbox.receive(options);
  }

  /** All messages until the mailbox is closed; throws as {@link receive} does. Leaving the loop does not close it. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Term, void, void> {
    for (;;) {
      try {
        yield await this.#inbox.receive({ timeout: 0 });
      } catch (error) {
        if (error instanceof MailboxClosedError) return;
        throw error;
      }
    }
  }

  /** Ends the process: its monitors fire, waiting receivers reject, unread messages are dropped. */
  close(): void {
    this.#inbox.end(new MailboxClosedError(this.pid));
    this.#inbox.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** What the signals of the other node reach. */
class Inbox extends LocalProcess {
  readonly #link: Link;
  readonly #limit: number;
  readonly #receivers = new Set<Receiver>();
  #queue: (Term | BeamError)[] = [];
  #head = 0;
  #ended: BeamError | undefined;

  constructor(link: Link, limit: number) {
    super();
    this.#link = link;
    this.#limit = limit;
  }

  get size(): number {
    return this.#queue.length - this.#head;
  }

  open(): Pid {
    return this.#link.enter(this);
  }

  override message(payload: Encoded): void {
    this.#deliver(() => payload.decode());
  }

  override exit(from: Pid, reason: Encoded): void {
    this.#deliver(() => tuple(atom("EXIT"), from, reason.decode()));
  }

  override lost(error: BeamError): void {
    this.end(error);
  }

  receive({ timeout = DEFAULT_TIMEOUT, signal }: WaitOptions): Promise<Term> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new AbortedError("receiving", { cause: signal.reason }));
      } else if (this.size > 0) {
        const next = this.#take();
        if (next instanceof BeamError) reject(next);
        else resolve(next);
      } else if (this.#ended !== undefined) {
        reject(this.#ended);
      } else {
        const aborted = (): void =>
          receiver.done(new AbortedError("receiving", { cause: signal?.reason }));
        const receiver: Receiver = {
          done: (result) => {
            this.#receivers.delete(receiver);
            this.#link.wheel.remove(receiver);
            signal?.removeEventListener("abort", aborted);
            if (result instanceof Error) reject(result);
            else resolve(result);
          },
          expired: () => receiver.done(new TimeoutError("a message", timeout)),
        };
        this.#link.wheel.add(receiver, timeout);
        this.#receivers.add(receiver);
        signal?.addEventListener("abort", aborted);
      }
    });
  }

  /** No message comes any more; those in the queue can still be received. */
  end(error: BeamError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#link.leave(this);
    for (const receiver of this.#receivers) receiver.done(error);
  }

  clear(): void {
    this.#queue = [];
    this.#head = 0;
  }

  #deliver(read: () => Term): void {
    let item: Term | BeamError;
    try {
      item = read();
    } catch (error) {
      if (!(error instanceof BeamError)) throw error;
      item = error;
    }
    const [receiver] = this.#receivers;
    if (receiver !== undefined) receiver.done(item);
    else if (this.size < this.#limit) this.#queue.push(item);
    else {
      this.end(
        new LimitError(`more than ${this.#limit} messages wait in a mailbox`, {
          node: this.#link.peer.name,
          remedy: "Receive faster, or make the mailbox with a higher limit.",
        }),
      );
    }
  }

  #take(): Term | BeamError {
    const item = this.#queue[this.#head] as Term | BeamError;
    this.#head += 1;
    // Cutting the array now and then makes a removal O(1) on average.
    if (this.#head === this.#queue.length) this.clear();
    else if (this.#head >= 1024) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}

interface Receiver extends Deadline {
  done(result: Term | BeamError): void;
}
