/** A process of ours that others send to: a bounded queue of messages, read one by one or as an async iterable. */

import { atom, type Pid, type Reference, type Term } from "../term/index.ts";
import { MailboxClosedError } from "./errors.ts";
import type { Destination } from "./home.ts";
import { Inbox, type Place } from "./inbox.ts";
import type { WaitOptions } from "./request.ts";
import type { SendOptions } from "./signals.ts";

/** How a mailbox is made. */
export interface MailboxOptions {
  /** Most messages that wait unread. One more ends the mailbox. Default 10000. */
  readonly limit?: number | undefined;
  /** Most bytes that they have. More end the mailbox. Default 64 MiB. */
  readonly maxBytes?: number | undefined;
  /** A name that other nodes can send to, as `{Name, Node}`. */
  readonly name?: string | undefined;
}

/** How an alias is made. */
export interface AliasOptions {
  /** Messages that others send to it with priority come before those that wait: between nodes of OTP 28 and later. Default `false`. */
  readonly priority?: boolean | undefined;
}

/**
 * A pid of ours with a queue. It traps exits. `await using` closes it.
 * @example
 * import { atom, tuple } from "beamctl";
 *
 * await using inbox = node.mailbox({ name: "inbox" });
 * node.send("stock_server", tuple(atom("subscribe"), inbox.pid));
 * for await (const message of inbox) console.log(message);
 */
export class Mailbox implements AsyncIterable<Term>, AsyncDisposable {
  /** Send it to a process there, which then can send here. */
  readonly pid: Pid;
  readonly #inbox: Inbox;

  /** @internal Made by `BeamNode.mailbox` and `LocalNode.mailbox`. */
  constructor(place: Place, options: MailboxOptions = {}) {
    this.#inbox = new Inbox(place, options.limit ?? 10_000, options.maxBytes ?? 64 * 1024 * 1024);
    this.pid = this.#inbox.open(options.name === undefined ? undefined : atom(options.name));
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
   * @throws LimitError when more came than the mailbox holds
   * @throws NodeDownError when the link that it was made for is lost
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

  /**
   * Sends from this process: to a pid, an alias, or a name on a node.
   * @throws NoSuchLinkError when we are not connected to its node
   * @throws EncodeError InvalidControlError LimitError NodeDownError
   */
  send(to: Destination, message: Term, options: SendOptions = {}): void {
    this.#inbox.send(to, message, options);
  }

  /**
   * Links with a process of another node, as `erlang:link/1`: whichever ends, the other hears `{:EXIT, pid, reason}`, of one that does
   * not exist `noproc`, and `noconnection` when the link between the nodes is lost.
   * @throws NoSuchLinkError NodeDownError LimitError
   */
  link(pid: Pid): void {
    this.#inbox.link(pid);
  }

  /** Takes the link back; from now on no exit comes over it. Harmless without one. */
  unlink(pid: Pid): void {
    this.#inbox.unlink(pid);
  }

  /**
   * Sends an exit signal, as `exit/2`.
   * @throws NoSuchLinkError EncodeError NodeDownError
   */
  exit(pid: Pid, reason: Term, options: Pick<SendOptions, "priority"> = {}): void {
    this.#inbox.kill(pid, reason, options.priority === true);
  }

  /** Another address of this process that can be taken back, as `erlang:alias/1`. */
  alias(options: AliasOptions = {}): Reference {
    return this.#inbox.alias(options.priority === true);
  }

  /** What is sent to the alias from now on is dropped. */
  unalias(alias: Reference): void {
    this.#inbox.unalias(alias);
  }

  /** Ends the process: its monitors and links hear the reason (default `normal`), waiting receivers reject, unread messages are dropped. */
  close(reason?: Term): void {
    this.#inbox.end(new MailboxClosedError(this.pid), reason);
    this.#inbox.clear();
  }

  /** As {@link Mailbox.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}
