/** System messages straight to processes, as stdlib's `sys` sends them: one, or many at once with a window of credit. */

import type { BeamError } from "../errors.ts";
import { atom, type Pid, type Term, Tuple, tuple } from "../term/index.ts";
import { NoProcessError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Address, Encoded } from "./processes.ts";
import { Request, type WaitOptions } from "./request.ts";

/** How system messages are sent. */
export interface SystemOptions extends WaitOptions {
  /**
   * Monitor each process, so that one that is gone is known at once. Default `true`; without, bulk work costs half, and
   * a process that is gone is a TimeoutError.
   */
  readonly monitor?: boolean | undefined;
  /** Most unanswered messages at a time in bulk. Default 1024. */
  readonly window?: number | undefined;
}

/** The answer of one of many processes, or why there is none. */
export type SystemReply =
  | { readonly pid: Pid; readonly ok: true; readonly reply: Term }
  | { readonly pid: Pid; readonly ok: false; readonly error: BeamError };

const SYSTEM = atom("system");
const SUSPEND = atom("suspend");
const RESUME = atom("resume");
const WINDOW = 1_024;

/**
 * The question as a request: it settles with an answer for each pid, in the order of the pids. The deadline and the signal
 * hold for all; who has not answered by then is an error in its place. A `suspend` without an answer is followed by a
 * `resume` from the same process of ours: it may still be waiting in the message queue there, and would suspend later.
 */
export class SystemBatch extends Request<SystemReply[]> {
  readonly #pids: readonly Pid[];
  readonly #request: Term;
  readonly #monitor: boolean;
  readonly #window: number;
  readonly #replies: (SystemReply | undefined)[];
  #sent = 0;
  #answered = 0;

  constructor(link: Link, pids: readonly Pid[], request: Term, options: SystemOptions) {
    super(link, options);
    this.#pids = pids;
    this.#request = request;
    this.#monitor = options.monitor ?? true;
    this.#window = Math.max(1, options.window ?? WINDOW);
    this.#replies = new Array<SystemReply | undefined>(pids.length);
  }

  protected describe(): string {
    const [pid] = this.#pids;
    const whom = this.#pids.length === 1 ? `${pid}` : `${this.#pids.length} processes`;
    return `a system message to ${whom}`;
  }

  protected transmit(): void {
    if (this.#pids.length === 0) this.succeed([]);
    else this.#fill();
  }

  /** `{Tag, Reply}`; the tag is the position of the pid. */
  override message(payload: Encoded): void {
    const reply = payload.decode();
    if (!(reply instanceof Tuple) || reply.items.length !== 2) return;
    const [position, value] = reply.items as readonly [Term, Term];
    if (typeof position !== "number") return;
    const pid = this.#pids[position];
    if (pid === undefined || this.#replies[position] !== undefined) return;
    if (this.#monitor) this.link.demonitor(this, pid, position);
    this.#answer(position, { pid, ok: true, reply: value });
  }

  override down(position: number, reason: Encoded): void {
    const pid = this.#pids[position];
    if (pid === undefined || this.#replies[position] !== undefined) return;
    const why = reason.decode();
    const ended = why !== atom("noproc");
    const error = new NoProcessError(pid, why, this.link.peer.name, ended);
    this.#answer(position, { pid, ok: false, error });
  }

  // Of many, the one whose answer cannot be read is not known: it counts as silent.
  override broken(error: BeamError): void {
    if (this.#pids.length === 1) this.fail(error);
  }

  protected override abandon(error: BeamError): void {
    const suspending = this.#request === SUSPEND;
    const replies = this.#pids.map((pid, position): SystemReply => {
      const known = this.#replies[position];
      if (known !== undefined) return known;
      if (position < this.#sent) {
        if (this.#monitor) this.link.demonitor(this, pid, position);
        if (suspending) this.#send(pid, position, RESUME);
      }
      return { pid, ok: false, error };
    });
    this.succeed(replies);
  }

  #fill(): void {
    while (this.#sent < this.#pids.length && this.#sent - this.#answered < this.#window) {
      const position = this.#sent;
      const pid = this.#pids[position] as Pid;
      this.#sent += 1;
      if (this.#monitor) this.link.monitor(this, pid, position);
      try {
        this.#send(pid, position, this.#request);
      } catch (error) {
        if (this.#monitor) this.link.demonitor(this, pid, position);
        throw error;
      }
    }
  }

  #send(pid: Pid, position: number, request: Term): void {
    const own = (this.address as Address).pid;
    this.link.sendTo(pid, tuple(SYSTEM, tuple(own, position), request), own);
  }

  #answer(position: number, reply: SystemReply): void {
    this.#replies[position] = reply;
    this.#answered += 1;
    if (this.#answered === this.#pids.length) this.succeed(this.#replies as SystemReply[]);
    else this.#fill();
  }
}
