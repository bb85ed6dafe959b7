/** A group leader of ours: keeps what processes on the node print, instead of letting it go to the node's own output. */

import type { BeamError } from "../errors.ts";
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
 * `{error, request}`. `io:format` sends its arguments unformatted; they are formatted by `io_lib:format/2` on the node.
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

  [Symbol.dispose](): void {
    this.close();
  }
}

class IoServer extends LocalProcess {
  output = "";
  readonly #link: Link;
  readonly #format: Format;
  readonly #limit: number;
  readonly #onText: ((text: string) => void) | undefined;

  constructor(link: Link, format: Format, { limit = 1_048_576, onText }: GroupLeaderOptions) {
    super();
    this.#link = link;
    this.#format = format;
    this.#limit = limit;
    this.#onText = onText;
  }

  /** `{io_request, From, ReplyAs, Request}`; anything else is ignored. */
  override message(payload: Encoded): void {
    const message = payload.decode();
    if (!(message instanceof Tuple) || message.items.length !== 4) return;
    const [tag, from, replyAs, request] = message.items as readonly [Term, Term, Term, Term];
    if (tag !== atom("io_request") || !(from instanceof Pid)) return;
    const own = this.address?.pid;
    void this.#serve(readIoRequest(request)).then((reply) => {
      if (own !== undefined && this.#link.down === undefined) {
        this.#link.sendTo(from, tuple(atom("io_reply"), replyAs, reply), own);
      }
    });
  }

  override lost(_error: BeamError): void {}

  close(): void {
    this.#link.leave(this);
  }

  async #serve(request: IoRequest): Promise<Term> {
    switch (request.type) {
      case "answer":
        return request.reply;
      case "put":
        return this.#keep(request.text);
      case "format":
        try {
          const chars = await this.#format(request.args);
          return this.#keep(charactersOf(chars, request.latin1) ?? "");
        } catch {
          return tuple(atom("error"), atom("format"));
        }
      case "many": {
        let reply: Term = atom("ok");
        for (const one of request.requests) {
          reply = await this.#serve(readIoRequest(one));
          if (reply instanceof Tuple) break; // the first error ends it, as the protocol says
        }
        return reply;
      }
    }
  }

  #keep(text: string): Term {
    this.output += text;
    if (this.output.length > this.#limit) this.output = this.output.slice(-this.#limit);
    this.#onText?.(text);
    return atom("ok");
  }
}
