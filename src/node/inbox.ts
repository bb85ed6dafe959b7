/** The process behind a mailbox: what the signals of other nodes reach. */

import type { Extras } from "../dist/index.ts";
import { AbortedError, BeamError, LimitError, TimeoutError, UsageError } from "../errors.ts";
import { type Atom, atom, type Pid, type Reference, type Term, tuple } from "../term/index.ts";
import type { Destination, Home } from "./home.ts";
import type { Link } from "./link.ts";
import { MessageQueue, type Unread } from "./message-queue.ts";
import { type Encoded, LocalProcess } from "./processes.ts";
import { DEFAULT_TIMEOUT, type WaitOptions } from "./request.ts";
import type { SendOptions } from "./signals.ts";
import { type Deadline, wheel } from "./timer-wheel.ts";

/** Where a process lives: on one link, with which it ends, or on the whole node. */
export interface Place {
  readonly home: Home;
  enter(process: LocalProcess): Pid;
  /** The link to the node of a process. @throws NoSuchLinkError */
  route(pid: Pid): Link;
  /** A message from a process that lives here. @throws NoSuchLinkError */
  deliver(to: Destination, message: Term, from: Pid, options: SendOptions): void;
}

const EXIT = atom("EXIT");

/** A process with a queue, which traps exits. */
export class Inbox extends LocalProcess {
  readonly #place: Place;
  readonly #limit: number;
  readonly #maxBytes: number;
  readonly #receivers = new Set<Receiver>();
  readonly #queue = new MessageQueue();
  /** The aliases that are not taken back, by position, and whether priority counts there. */
  readonly #aliases = new Map<number, boolean>();
  #lastAlias = 0;
  #ended: BeamError | undefined;

  constructor(place: Place, limit: number, maxBytes: number) {
    super();
    this.#place = place;
    this.#limit = limit;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#queue.size;
  }

  open(name: Atom | undefined): Pid {
    const pid = this.#place.enter(this);
    if (name === undefined) return pid;
    try {
      this.#place.home.register(name, this);
      return pid;
    } catch (error) {
      this.#place.home.leave(this);
      throw error;
    }
  }

  override get addressable(): boolean {
    return true;
  }

  override message(payload: Encoded): void {
    this.#deliver({ payload, read: () => payload.decode() }, false);
  }

  override aliased(position: number, payload: Encoded, { priority = false }: Extras): void {
    const takesPriority = this.#aliases.get(position);
    if (takesPriority === undefined) return;
    this.#deliver({ payload, read: () => payload.decode() }, priority && takesPriority);
  }

  override exit(from: Pid, reason: Encoded): void {
    const read = () => tuple(EXIT, from, reason.decode());
    this.#deliver({ payload: reason, read }, false);
  }

  override lost(error: BeamError): void {
    this.end(error);
  }

  receive({ timeout = DEFAULT_TIMEOUT, signal }: WaitOptions): Promise<Term> {
    return new Promise((resolve, reject) => {
      const next = signal?.aborted === true ? undefined : this.#queue.take();
      if (signal?.aborted === true) {
        reject(new AbortedError("receiving", { cause: signal.reason }));
      } else if (next !== undefined) {
        resolve(next.read()); // what it throws rejects
      } else if (this.#ended !== undefined) {
        reject(this.#ended);
      } else {
        const aborted = (): void =>
          receiver.done(new AbortedError("receiving", { cause: signal?.reason }));
        const receiver: Receiver = {
          done: (result) => {
            this.#receivers.delete(receiver);
            wheel.remove(receiver);
            signal?.removeEventListener("abort", aborted);
            if (result instanceof Error) reject(result);
            else resolve(result);
          },
          expired: () => receiver.done(new TimeoutError("a message", timeout)),
        };
        wheel.add(receiver, timeout);
        this.#receivers.add(receiver);
        signal?.addEventListener("abort", aborted);
      }
    });
  }

  send(to: Destination, message: Term, options: SendOptions): void {
    this.#place.deliver(to, message, this.#pid(), options);
  }

  link(pid: Pid): void {
    this.#pid();
    this.#place.route(pid).relations.link(this, pid);
  }

  unlink(pid: Pid): void {
    this.#place.home.links.get(pid.node)?.relations.unlink(this, pid);
  }

  kill(pid: Pid, reason: Term, priority: boolean): void {
    this.#place.route(pid).exit2(this.#pid(), pid, reason, priority);
  }

  alias(priority: boolean): Reference {
    this.#pid();
    this.#lastAlias += 1;
    this.#aliases.set(this.#lastAlias, priority);
    return this.#place.home.processes.refOf(this, this.#lastAlias);
  }

  unalias(alias: Reference): void {
    if (this.#place.home.processes.byRef(alias) === this)
      this.#aliases.delete(alias.ids[2] as number);
  }

  /** No message comes any more; those in the queue can still be received. */
  end(error: BeamError, reason?: Term): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#place.home.leave(this, reason);
    for (const receiver of this.#receivers) receiver.done(error);
  }

  clear(): void {
    this.#queue.clear();
  }

  #pid(): Pid {
    const pid = this.address?.pid;
    if (pid !== undefined) return pid;
    throw this.#ended ?? new UsageError("a mailbox that is not open");
  }

  #deliver(unread: Unread, priority: boolean): void {
    const [receiver] = this.#receivers;
    if (receiver !== undefined) {
      receiver.done(outcome(unread));
      return;
    }
    const bytes = this.#queue.bytes + unread.payload.byteLength;
    if (this.#queue.size < this.#limit && bytes <= this.#maxBytes) {
      this.#queue.push(unread, priority);
      return;
    }
    this.end(
      new LimitError(
        `more than ${this.#limit} messages, or ${this.#maxBytes} bytes of them, wait in a mailbox`,
        { remedy: "Receive faster, or make the mailbox with a higher limit." },
      ),
    );
  }
}

interface Receiver extends Deadline {
  done(result: Term | BeamError): void;
}

function outcome(unread: Unread): Term | BeamError {
  try {
    return unread.read();
  } catch (error) {
    if (!(error instanceof BeamError)) throw error;
    return error;
  }
}
