/** Calling a server of the node as `gen_server:call/3` does: monitored, and answered to an alias that ends with the wait. */

import { hasFlag } from "../dist/index.ts";
import type { BeamError } from "../errors.ts";
import { atom, type Pid, type Term, Tuple, tuple } from "../term/index.ts";
import { NoProcessError } from "./errors.ts";
import { aliasTag } from "./gen-protocol.ts";
import type { Link } from "./link.ts";
import type { Address, Encoded } from "./processes.ts";
import { RemoteError } from "./remote-error.ts";
import { Request, type WaitOptions } from "./request.ts";

/** How a server is called. */
export interface GenCallOptions extends WaitOptions {
  /** What the server is: a gen_event manager is asked in another way. Default `"gen_server"`, which gen_statem is too. */
  readonly behaviour?: "gen_server" | "gen_statem" | "gen_event" | undefined;
}

const GEN_CALL = atom("$gen_call");
const NOPROC = atom("noproc");

/** Resolves with the reply. */
export class GenCall extends Request<Term> {
  readonly #target: Pid | string;
  readonly #request: Term;
  readonly #event: boolean;

  constructor(link: Link, target: Pid | string, request: Term, options: GenCallOptions) {
    super(link, options);
    this.#target = target;
    this.#request = request;
    this.#event = options.behaviour === "gen_event";
  }

  protected describe(): string {
    return `the server ${this.#target} of ${this.link.peer.name}`;
  }

  protected transmit(): void {
    const { link } = this;
    const { pid } = this.address as Address;
    const ref = link.home.processes.refOf(this);
    const tag = hasFlag(link.peer.flags, "ALIAS") ? aliasTag(ref) : ref;
    link.monitor(this, this.#target);
    const message = tuple(this.#event ? pid : GEN_CALL, tuple(pid, tag), this.#request);
    try {
      link.sendTo(this.#target, message, pid);
    } catch (error) {
      link.demonitor(this, this.#target);
      throw error;
    }
  }

  override message(payload: Encoded): void {
    const reply = payload.decode();
    if (!(reply instanceof Tuple) || reply.items.length !== 2) return;
    this.link.demonitor(this, this.#target);
    this.succeed(reply.items[1] as Term);
  }

  override aliased(_position: number, payload: Encoded): void {
    this.message(payload);
  }

  override down(_position: number, encoded: Encoded): void {
    const reason = encoded.decode();
    const { name } = this.link.peer;
    this.fail(
      reason === NOPROC
        ? new NoProcessError(this.#target, reason, name, false)
        : new RemoteError(name, this.describe(), { kind: "exit", reason }),
    );
  }

  override broken(error: BeamError): void {
    this.link.demonitor(this, this.#target);
    this.fail(error);
  }

  protected override abandon(error: BeamError): void {
    this.link.demonitor(this, this.#target);
    this.fail(error);
  }
}
