/** A group leader of ours: keeps what processes on the node print, instead of letting it go to the node's own output. */

import { BeamError } from "../errors.ts";
import { atom, Pid, type Term, Tuple, tuple } from "../term/index.ts";
import { charactersOf, type IoRequest, readIoRequest } from "./io-request.ts";
import type { Link } from "./link.ts";
import { type Encoded, LocalProcess } from "./processes.ts";

/** Has the node format: the arguments of `io_lib:format/2`, and its result. */
export type Format = (args: readonly Term[]) => Promise<Term>;

/** How a group leader keeps output. */
export interface GroupLeaderOptions {
  /** Most characters kept; of more, the first go. Default 1048576. */
  readonly limit?: number | undefined;
  /** Called with each piece of text as it comes. */
  readonly onText?: ((text: string) => void) | undefined;
}

/**
 * Follows "The Erlang I/O Protocol" of stdlib: output is captured, input is `eof`, unknown requests get
 * `{error, request}`. `io:format` sends its arguments unformatted; they are formatted by `io_lib:format/2` on the node,
 * or here as well as it goes when the node does not answer within a second.
 * @example
 * import { binary } from "beamctl/term";
 *
 * using leader = node.groupLeader({ onText: (text) => process.stdout.write(text) });
 * await node.call("io", "put_chars", [binary("hello")], { groupLeader: leader.pid });
 * leader.output(); // "hello"
 */
export class GroupLeader implements Disposable {
  /** To be given to a process as its group leader. */
  readonly pid: Pid;
  readonly #server: IoServer;

  /** @internal Made by `BeamNode.groupLeader`. */
  constructor(link: Link, format: Format, options: GroupLeaderOptions = {}) {
    this.#server = new IoServer(link, format, options);
    this.pid = link.enter(this.#server);
  }

  /** What was printed so far. */
  output(): string {
    return this.#server.output;
  }

  /** Ends it; whoever prints to it afterwards gets an error there. */
  close(): void {
    this.#server.close();
  }

  /** As {@link GroupLeader.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/** Most requests that wait while the node formats an earlier one; those beyond are refused, as by a leader that has ended. */
const MAX_WAITING = 1_024;
const TERMINATED = tuple(atom("error"), atom("terminated"));

interface Waiting {
  readonly from: Pid;
  readonly replyAs: Term;
  readonly request: IoRequest;
}

/** Serves requests one after another, so that what a process prints stays in order whoever formats it. */
class IoServer extends LocalProcess {
  readonly #link: Link;
  readonly #format: Format;
  readonly #kept: Tail;
  readonly #onText: ((text: string) => void) | undefined;
  readonly #waiting: Waiting[] = [];
  #serving = false;

  constructor(link: Link, format: Format, { limit = 1_048_576, onText }: GroupLeaderOptions) {
    super();
    this.#link = link;
    this.#format = format;
    this.#kept = new Tail(limit);
    this.#onText = onText;
  }

  get output(): string {
    return this.#kept.text;
  }

  /** `{io_request, From, ReplyAs, Request}`; anything else is ignored, as is one whose sender is not of this link. */
  override message(payload: Encoded): void {
    const message = payload.decode();
    if (!(message instanceof Tuple) || message.items.length !== 4) return;
    const [tag, from, replyAs, asked] = message.items as readonly [Term, Term, Term, Term];
    if (tag !== atom("io_request") || !(from instanceof Pid)) return;
    if (from.node.name !== this.#link.peer.name) return;
    const request = readIoRequest(asked);
    if (this.#waiting.length >= MAX_WAITING) this.#reply({ from, replyAs, request }, TERMINATED);
    else this.#waiting.push({ from, replyAs, request });
    if (!this.#serving) void this.#serveAll();
  }

  override lost(_error: BeamError): void {
    this.#waiting.length = 0;
  }

  close(): void {
    this.#waiting.length = 0;
    this.#link.leave(this);
  }

  async #serveAll(): Promise<void> {
    this.#serving = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { request } = next;
      // What needs nobody's help is done at once, within the turn of the event loop that brought it.
      const done = this.#answer(request);
      this.#reply(next, done instanceof Promise ? await done : done);
    }
    this.#serving = false;
  }

  #reply({ from, replyAs }: Waiting, reply: Term): void {
    const own = this.address?.pid;
    if (own === undefined || this.#link.down !== undefined) return;
    try {
      this.#link.sendTo(from, tuple(atom("io_reply"), replyAs, reply), own);
    } catch (error) {
      if (!(error instanceof BeamError)) throw error; // a `replyAs` that cannot be sent back is its sender's own fault
    }
  }

  #answer(request: IoRequest): Term | Promise<Term> {
    switch (request.type) {
      case "answer":
        return request.reply;
      case "put":
        return this.#keep(request.text);
      case "format":
        return this.#formatted(request.args, request.latin1);
      case "many":
        return this.#many(request.requests);
    }
  }

  async #formatted(args: readonly Term[], latin1: boolean): Promise<Term> {
    try {
      return this.#keep(charactersOf(await this.#format(args), latin1) ?? "");
    } catch {
      return tuple(atom("error"), atom("format"));
    }
  }

  async #many(requests: readonly Term[]): Promise<Term> {
    let reply: Term = atom("ok");
    for (const one of requests) {
      reply = await this.#answer(readIoRequest(one));
      if (reply instanceof Tuple) break; // the first error ends it, as the protocol says
    }
    return reply;
  }

  #keep(text: string): Term {
    this.#kept.add(text);
    const tell = this.#onText;
    // Outside of the link's own work: what the user's function throws is the user's.
    if (tell !== undefined) queueMicrotask(() => tell(text));
    return atom("ok");
  }
}

/** The end of a text that grows: adding is O(1) on average. */
class Tail {
  readonly #limit: number;
  #pieces: string[] = [];
  #length = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get text(): string {
    this.#trim();
    return this.#pieces[0] ?? "";
  }

  add(text: string): void {
    this.#pieces.push(text);
    this.#length += text.length;
    if (this.#length > 2 * this.#limit + 65_536) this.#trim();
  }

  #trim(): void {
    const whole = this.#pieces.join("");
    const kept = whole.slice(Math.max(0, whole.length - this.#limit));
    this.#pieces = [kept];
    this.#length = kept.length;
  }
}
