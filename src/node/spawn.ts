/** Starting a process on the node and watching it: a spawn request with a monitor, as `erlang:spawn_request/5` has it. */

import type { BeamError } from "../errors.ts";
import { type Atom, atom, Pid, type Term } from "../term/index.ts";
import type { Invocation } from "./calls.ts";
import { SpawnRefusedError } from "./errors.ts";
import type { GroupLeader } from "./group-leader.ts";
import type { Link } from "./link.ts";
import { ExitReason } from "./monitors.ts";
import type { Encoded } from "./processes.ts";
import { Request, type WaitOptions } from "./request.ts";

/** How a process is started. */
export interface SpawnOptions extends WaitOptions {
  /** Where its output goes: a group leader of ours, the node's own `"user"` (the default), or `"self"`, one made for it. */
  readonly groupLeader?: Pid | "user" | "self" | undefined;
}

/** A process that was started. */
export interface Spawned {
  readonly pid: Pid;
  /** Resolves with the exit reason; rejects with NodeDownError when the link is lost first. */
  readonly down: Promise<Term>;
  /** What it printed so far, if its group leader is `"self"`; else empty. */
  output(): string;
}

/** Sends the request; resolves when the process runs. `leader` is ended with the process. */
export class SpawnRequest extends Request<Spawned> {
  readonly #invocation: Invocation;
  readonly #leader: GroupLeader | Pid;
  readonly #reason: ExitReason = new ExitReason();

  constructor(link: Link, invocation: Invocation, options: WaitOptions, leader: GroupLeader | Pid) {
    super(link, options);
    this.#invocation = invocation;
    this.#leader = leader;
    void this.#reason.promise.catch(() => {}).then(() => this.#closeLeader());
  }

  override start(): Promise<Spawned> {
    return super.start().catch((error: unknown) => {
      this.#closeLeader(); // nobody will print to it
      throw error;
    });
  }

  protected describe(): string {
    const { module, fun, args } = this.#invocation;
    return `the start of ${module}:${fun}/${args.length}`;
  }

  protected transmit(): void {
    const { module, fun, args } = this.#invocation;
    const leader = this.#leader;
    this.link.spawnRequest(
      this,
      { module: atom(module), fun: atom(fun), args },
      leader instanceof Pid ? leader : leader.pid,
      true,
    );
  }

  override spawned(_position: number, result: Pid | Atom): void {
    if (!this.waiting) {
      if (result instanceof Pid) this.link.demonitor(this, result);
      this.leave();
    } else if (result instanceof Pid) {
      const leader = this.#leader;
      const output = leader instanceof Pid ? () => "" : () => leader.output();
      this.succeed({ pid: result, down: this.#reason.promise, output }, true);
    } else {
      this.fail(new SpawnRefusedError(this.link.peer.name, result.name));
    }
  }

  override down(_position: number, reason: Encoded): void {
    this.leave();
    this.#reason.settle(reason);
  }

  override lost(error: BeamError): void {
    super.lost(error);
    this.#reason.fail(error);
  }

  // The reply still comes and brings the pid, without which the monitor cannot be taken back.
  protected override abandon(error: BeamError): void {
    this.fail(error, true);
  }

  #closeLeader(): void {
    if (!(this.#leader instanceof Pid)) this.#leader.close();
  }
}
