/** The controller's half of a guardian: every step is in the journal first, and done by the process on the node. */

import { setTimeout as pause } from "node:timers/promises";
import type { BeamNode } from "../node/index.ts";
import { atom, equals, Pid, type Term, type Tuple, tuple } from "../term/index.ts";
import { type Armed, arm, failuresOf, type GuardOptions } from "./arming.ts";
import { Hold } from "./hold.ts";
import { type Acceptor, pidKey } from "./journal/records.ts";
import type { LeaseHealth } from "./lease.ts";
import type { UndoReport } from "./report.ts";
import type { GuardStatus } from "./status.ts";

/** A process that was not suspended, or did not take its resume. */
export interface SuspendFailure {
  readonly pid: Pid;
  /**
   * `timeout` (it was sent a resume behind the suspend), `noproc`, `denied` (a supervisor, or of the system), `dynamic` (the release
   * handler must be able to ask it), `not_otp` (it takes no system messages), `already_suspended` by somebody else (left as it is),
   * `already_held` by us, `refused`, `not_suspended` (it said yes and ran on).
   */
  readonly reason: string;
}

/** An acceptor that was not held, or could not be started again. */
export interface HoldFailure extends Acceptor {
  /** `denied`, `noproc`, `temporary` (it would not come back), `already_held`, `failed`. */
  readonly reason: string;
}

/** How long a step may take. */
export interface StepOptions {
  /** Milliseconds for all processes together. Default 1000 to suspend, 5000 to resume. */
  readonly timeout?: number;
}

/** A step on supervisors waits this long for them, in milliseconds. */
const SUPERVISORS = 30_000;

/** What a request may take beyond the time that it gives to the processes: looking at them, and the way. */
const SLACK = 30_000;

/**
 * A node under guard. What is suspended or held through it is given back by a process on the node when we vanish: by the end of its lease,
 * the loss of the link, or our death. Steps run one after another; after {@link Guardian.lost} has fired each of them refuses.
 */
export class Guardian implements AsyncDisposable {
  /** The operation as the journal and the node name it. */
  readonly operation: string;
  /** What the tombstone of an earlier guardian told, if there was one. */
  readonly previous: GuardStatus | undefined;
  readonly #hold: Hold;
  #steps: Promise<unknown> = Promise.resolve();

  private constructor(node: BeamNode, armed: Armed) {
    this.operation = armed.operation;
    this.previous = armed.previous;
    this.#hold = new Hold(node, armed);
  }

  /**
   * Puts a guardian on the node: nothing is held yet. It loads no module there and runs as one process, `beamctl_guard`. Meant for a busy
   * production node.
   * @throws GuardHeldError when another controller guards the node
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
    return this.#hold.heldOf(undefined);
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
    { timeout = 1_000 }: StepOptions = {},
  ): Promise<{ suspended: Pid[]; failed: SuspendFailure[] }> {
    return this.#step(async (hold) => {
      const asked = new Map(pids.map((pid) => [pidKey(pid), pid]));
      const list = [...asked.values()];
      const [refusals, timers] = await hold.prepare("processes", list, timeout);
      const refused = failures(refusals);
      for (const { pid } of refused) asked.delete(pidKey(pid));
      const fit = [...asked.values()];
      hold.willSuspend(fit);
      await hold.write({ kind: "suspend", pids: fit, timers });
      const [, late] = await hold.ask(tuple(atom("commit"), timeout), timeout + SLACK);
      const failed = [...failures(late), ...(await this.#notSuspended(hold))];
      for (const { pid } of failed) asked.delete(pidKey(pid));
      const suspended = [...asked.values()];
      hold.resumed(failed.map(({ pid }) => pid));
      await hold.write({ kind: "suspended", count: suspended.length, failed: failed.map(whatPid) });
      return { suspended, failed: [...refused, ...failed] };
    });
  }

  /**
   * Resumes these processes, or all that are held. One that ended while it was held is no failure.
   * @throws GuardLostError JournalError GuardRefusedError TimeoutError
   */
  resume(
    pids?: readonly Pid[],
    { timeout = 5_000 }: StepOptions = {},
  ): Promise<{ resumed: Pid[]; failed: SuspendFailure[] }> {
    return this.#step(async (hold) => {
      const chosen = hold.heldOf(pids);
      await hold.write({ kind: "resume" });
      const request = tuple(atom("resume"), pids === undefined ? atom("all") : chosen, timeout);
      const [, silent] = await hold.ask(request, timeout + SLACK);
      const failed = failures(silent);
      const left = new Set(failed.map(({ pid }) => pidKey(pid)));
      const resumed = chosen.filter((pid) => !left.has(pidKey(pid)));
      hold.resumed(resumed);
      await hold.write({ kind: "resumed", pids: resumed, failed: failed.map(whatPid) });
      return { resumed, failed };
    });
  }

  /**
   * Terminates acceptors under their supervisor, so that new clients wait in the listen backlog.
   * @throws GuardLostError JournalError GuardRefusedError TimeoutError
   */
  hold(
    acceptors: readonly Acceptor[],
  ): Promise<{ held: readonly Acceptor[]; failed: HoldFailure[] }> {
    return this.#step(async (hold) => {
      const list = acceptors.map(({ supervisor, id }) => tuple(supervisor, id));
      const [refusals, timers] = await hold.prepare("acceptors", list, SUPERVISORS);
      const refused = failuresOf(refusals, acceptorOf);
      const fit = without(acceptors, refused);
      hold.willHold(fit);
      await hold.write({ kind: "hold", acceptors: fit, timers });
      const [, unable] = await hold.ask(tuple(atom("commit"), SUPERVISORS), SUPERVISORS);
      const failed = failuresOf(unable, acceptorOf);
      const held = without(fit, failed);
      await hold.write({ kind: "held", count: held.length, failed });
      return { held, failed: [...refused, ...failed].map(holdFailure) };
    });
  }

  /**
   * Starts again all acceptors that are held. One that runs already is as wished.
   * @throws GuardLostError JournalError GuardRefusedError TimeoutError
   */
  release(): Promise<{ released: number; failed: HoldFailure[] }> {
    return this.#step(async (hold) => {
      await hold.write({ kind: "release" });
      const [released, unable] = await hold.ask(atom("release"), SUPERVISORS);
      const failed = failuresOf(unable, acceptorOf);
      hold.released(failed.map(({ what }) => what));
      await hold.write({ kind: "released", failed });
      return { released: Number(released), failed: failed.map(holdFailure) };
    });
  }

  /**
   * `install`: from now on an undo waits for the release handler, and the cap and the backstop move out by `longest` milliseconds
   * (default 300000). `freeze`: the install has ended, which the release handler must confirm first.
   * @throws GuardLostError JournalError GuardRefusedError
   */
  enter(
    phase: "install" | "freeze",
    { longest = 300_000 }: { longest?: number } = {},
  ): Promise<void> {
    return this.#step(async (hold) => {
      if (phase === "install") {
        hold.installing = true;
        await hold.write({ kind: "phase", phase, longest });
        const [timers] = await hold.ask(tuple(atom("install"), longest), SLACK);
        await hold.write({ kind: "timers", timers: timers as readonly Term[] });
      } else {
        const [timers] = await hold.ask(atom("freeze"), 0);
        hold.installing = false;
        await hold.write({ kind: "timers", timers: timers as readonly Term[] });
        await hold.write({ kind: "phase", phase });
      }
    });
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
  undo(): Promise<UndoReport> {
    return this.#hold.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.undo();
  }

  /** What said yes to its suspend and runs on is no hold: it is sent a resume and given up. */
  async #notSuspended(hold: Hold): Promise<SuspendFailure[]> {
    let running: readonly Term[] = [];
    for (let looks = 0; looks < 5; looks++) {
      [running] = (await hold.ask(atom("look"), SLACK)) as [readonly Term[]];
      if (running.length === 0) return [];
      await pause(10); // a process answers just before it stops
    }
    await hold.ask(tuple(atom("resume"), running, 1_000), SLACK);
    return running
      .filter((pid) => pid instanceof Pid)
      .map((pid) => ({ pid, reason: "not_suspended" }));
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

function failures(term: Term | undefined): SuspendFailure[] {
  return failuresOf(term, (what) => what as Pid).map(({ what, reason }) => ({ pid: what, reason }));
}

function whatPid({ pid, reason }: SuspendFailure): { what: Pid; reason: string } {
  return { what: pid, reason };
}

function acceptorOf(term: Term): Acceptor {
  const [supervisor, id] = (term as Tuple).items;
  return { supervisor: supervisor as Pid, id: id as Term };
}

function without(
  acceptors: readonly Acceptor[],
  failed: readonly { what: Acceptor }[],
): readonly Acceptor[] {
  const same = (a: Acceptor, b: Acceptor) =>
    equals(a.supervisor, b.supervisor) && equals(a.id, b.id);
  return acceptors.filter((acceptor) => !failed.some(({ what }) => same(what, acceptor)));
}

function holdFailure({ what, reason }: { what: Acceptor; reason: string }): HoldFailure {
  return { ...what, reason };
}
