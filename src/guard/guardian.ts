/** The controller's half of a guardian: every step is in the journal first, and done by the process on the node. */

import type { BeamNode } from "../node/index.ts";
import { atom, type Pid } from "../term/index.ts";
import { type Armed, arm, type GuardOptions } from "./arming.ts";
import type { HoldFailure, SuspendFailure } from "./failures.ts";
import { Hold } from "./hold.ts";
import type { Acceptor } from "./journal/records.ts";
import type { LeaseHealth } from "./lease.ts";
import { type Queues, readQueues } from "./queues.ts";
import type { UndoReport } from "./report.ts";
import type { GuardStatus } from "./status.ts";
import { enter, halt, restart, resume, terminate } from "./steps.ts";
import type { HoldTimes } from "./times.ts";

/** When a step is taken. */
export interface StepOptions {
  /**
   * Takes the step while an install runs, where it is otherwise refused: only for what the release handler itself asks for and waits for,
   * as a relup's call to us at an exact point. Refused outside of an install. Default `false`.
   */
  readonly duringInstall?: boolean;
}

/** How long a step on processes may take, and when it is taken. */
export interface ProcessOptions extends StepOptions {
  /** Milliseconds for all processes together. Default 1000 to suspend or freeze, 5000 to resume. */
  readonly timeout?: number;
}

/**
 * A node under guard. What is suspended or held through it is given back by a process on the node when we vanish: by the end of its lease,
 * the loss of the link, or our death. Steps run one after another; after {@link Guardian.lost} has fired each of them refuses.
 * @example
 * import { channels, Guardian } from "beamctl";
 *
 * await using guardian = await Guardian.arm(node, { purpose: "move the disk" });
 * const found = await channels(node);
 * if (found !== "not_detected") await guardian.suspend(found.map(({ pid }) => pid));
 * // ... and at the end of the block all of them are resumed
 */
export class Guardian implements AsyncDisposable {
  /** The operation as the journal and the node name it. */
  readonly operation: string;
  /** What the tombstone of an earlier guardian told, if there was one. */
  readonly previous: GuardStatus | undefined;
  readonly #hold: Hold;
  #steps: Promise<unknown> = Promise.resolve();
  #ended: UndoReport | undefined;

  private constructor(node: BeamNode, armed: Armed) {
    this.operation = armed.operation;
    this.previous = armed.previous;
    this.#hold = new Hold(node, armed);
  }

  /**
   * Puts a guardian on the node: nothing is held yet. It loads no module there and runs as one process, `beamctl_guard`. Meant for a busy
   * production node.
   * @throws GuardHeldError when another controller guards the node
   * @throws GuardUnfitError when no guardian can work on this node: it names what is missing
   * @throws UnfinishedOperationError when the journal knows of an operation that was not ended: recover it first
   * @throws JournalError when the intent cannot be written; the node is untouched then
   */
  static async arm(node: BeamNode, options: GuardOptions = {}): Promise<Guardian> {
    return new Guardian(node, await arm(node, options));
  }

  /** Fires with a GuardLostError when the hold is gone: all is undone by the node, and must not be done again. */
  get lost(): AbortSignal {
    return this.#hold.lost;
  }

  /** The processes that are held now. */
  get held(): readonly Pid[] {
    return this.#hold.books.heldOf(undefined);
  }

  /** How long each thing was held, also what has been given back. */
  get times(): HoldTimes {
    return this.#hold.clock;
  }

  /** What the end was like, once there was one. */
  get ended(): UndoReport | undefined {
    return this.#ended;
  }

  /**
   * The messages that wait for what is held, and its memory, counted on the node in a process beside the guardian: some 5 µs per process, also while an
   * install runs. `undefined` when there is no answer. What waits in the kernel before a held transport shows in no queue.
   */
  queues(timeout: number = 5_000): Promise<Queues | undefined> {
    return this.#hold.peek(atom("queues"), timeout).then(readQueues);
  }

  /** How the renewals of the lease went. */
  get health(): LeaseHealth {
    return this.#hold.keeper.health;
  }

  /**
   * Suspends processes, as `sys:suspend/1`, all at once. Only those that ran before are ours to resume; the others are failures with a reason.
   * Read back: each one returned is suspended. Takes about 50 µs of the node per process.
   * @throws GuardLostError JournalError GuardRefusedError TimeoutError
   */
  suspend(
    pids: readonly Pid[],
    { timeout = 1_000, duringInstall = false }: ProcessOptions = {},
  ): Promise<{ suspended: Pid[]; failed: SuspendFailure[] }> {
    return this.#step(async (hold) => {
      const [suspended, failed] = await halt(hold, "suspend", pids, timeout, duringInstall);
      return { suspended, failed };
    });
  }

  /**
   * Freezes processes by `erlang:suspend_process/2`, called by the guardian itself: for those that take no system messages, as Cowboy 1's
   * connections. A frozen process does nothing at all and answers nobody, also no `code_change`; what it owns (a lock, an ETS table that it gives
   * away, a call that others wait for) stands with it: freeze only what nobody waits for. The runtime undoes it when the guardian ends, however it ends.
   * Others' suspensions of the same process stay theirs. Read back: each one returned has the status `suspended`.
   * @throws GuardLostError JournalError GuardRefusedError TimeoutError
   */
  freeze(
    pids: readonly Pid[],
    { timeout = 1_000, duringInstall = false }: ProcessOptions = {},
  ): Promise<{ frozen: Pid[]; failed: SuspendFailure[] }> {
    return this.#step(async (hold) => {
      const [frozen, failed] = await halt(hold, "freeze", pids, timeout, duringInstall);
      return { frozen, failed };
    });
  }

  /**
   * Resumes these processes, or all that are suspended or frozen. One that ended while it was held is no failure. With a `timeout` of `Infinity`
   * it waits as long as they take while the lease is renewed; when no other process stays held, the cap does not end it either, and acceptors
   * that are still held start again by the backstop, one lease after the cap.
   * @throws GuardLostError JournalError GuardRefusedError TimeoutError
   */
  resume(
    pids?: readonly Pid[],
    { timeout = 5_000, duringInstall = false }: ProcessOptions = {},
  ): Promise<{ resumed: Pid[]; failed: SuspendFailure[] }> {
    return this.#step((hold) => resume(hold, pids, timeout, duringInstall));
  }

  /**
   * Terminates children under their supervisors, one after another in the order given: acceptors, so that new clients wait in the listen backlog, or
   * a whole listener, so that they are refused. Of supervisors only `ranch_acceptors_sup` may be named. {@link Guardian.release} and every undo
   * start them again in the reverse order, over all calls.
   * @throws GuardLostError JournalError GuardRefusedError TimeoutError
   */
  hold(
    children: readonly Acceptor[],
    { duringInstall = false }: StepOptions = {},
  ): Promise<{ held: readonly Acceptor[]; failed: HoldFailure[] }> {
    return this.#step((hold) => terminate(hold, children, duringInstall));
  }

  /**
   * Starts again all that is held, in the reverse order of its termination. One that runs already, or whose supervisor is restarting it, is as wished.
   * `gone` counts those whose supervisor ended meanwhile or forgot them: what came in its place started its own, so nothing is held there.
   * @throws GuardLostError JournalError GuardRefusedError TimeoutError
   */
  release({
    duringInstall = false,
  }: StepOptions = {}): Promise<{ released: number; gone: number; failed: HoldFailure[] }> {
    return this.#step((hold) => restart(hold, duringInstall));
  }

  /**
   * `install`: from now on an undo waits for the release handler, and the cap and the backstop move out by `longest` milliseconds
   * (default 300000), also of what is held by a step during the install. `freeze`: the install has ended, which the release handler must confirm first.
   * @throws GuardLostError JournalError GuardRefusedError
   */
  enter(
    phase: "install" | "freeze",
    { longest = 300_000 }: { longest?: number } = {},
  ): Promise<void> {
    return this.#step((hold) => enter(hold, phase, longest));
  }

  /**
   * Gives everything back and ends the guardian, as at the end of a good operation.
   * @throws GuardLostError when the hold had been lost before
   */
  async disarm(): Promise<UndoReport> {
    const report = await this.undo();
    if (this.lost.aborted) throw this.lost.reason;
    return report;
  }

  /** As {@link disarm}, for the way out after an error: it never throws, and may be called again. */
  async undo(): Promise<UndoReport> {
    this.#hold.clock.giving = true;
    this.#ended = await this.#hold.end();
    return this.#ended;
  }

  /**
   * Goes away without undoing anything, as our death would: the guardian undoes it by itself, as soon as no install runs. The journal keeps the operation
   * open, for `recover`.
   */
  leave(): Promise<void> {
    return this.#hold.leave();
  }

  /** As {@link Guardian.undo}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.undo();
  }

  /** One step at a time, each only while the guardian is known to hold. */
  #step<T>(work: (hold: Hold) => Promise<T>): Promise<T> {
    const done = this.#steps.then(async () => {
      await this.#hold.mayGoOn();
      return work(this.#hold);
    });
    this.#steps = done.catch(() => undefined);
    return done;
  }
}
