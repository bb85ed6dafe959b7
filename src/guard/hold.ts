/** The state of one hold as seen from here: the guardian we talk to, what it holds, and how the hold ends. */

import { setTimeout as pause } from "node:timers/promises";
import type { BeamError } from "../errors.ts";
import type { BeamNode } from "../node/index.ts";
import { atom, type Term, tuple } from "../term/index.ts";
import { type Armed, whyUnreachable } from "./arming.ts";
import { Books } from "./books.ts";
import { readAnswer } from "./channel.ts";
import { type DirectUndo, undoDirectly } from "./direct-undo.ts";
import { GuardLostError, GuardRefusedError } from "./errors.ts";
import { frozenBy } from "./frozen-by.ts";
import type { Entry } from "./journal/records.ts";
import { LeaseKeeper } from "./lease.ts";
import { leftOf, type UndoReport } from "./report.ts";
import { type GuardStatus, readStatus } from "./status.ts";
import { suspendedAmong } from "./suspended-among.ts";
import { HoldClock } from "./times.ts";

const NORMAL = atom("normal");

/** How often a guardian that undoes is asked whether it has ended, in milliseconds. */
const POLL = 200;
/** What a guardian may take to undo, beyond the wait for an install, in milliseconds. */
const UNDO = 30_000;

/** What {@link Guardian} does its steps with. */
export class Hold {
  readonly keeper: LeaseKeeper;
  readonly clock: HoldClock = new HoldClock();
  readonly books: Books = new Books();
  /** Whether an install may be running. */
  installing = false;
  readonly #node: BeamNode;
  readonly #armed: Armed;
  readonly #lost = new AbortController();
  readonly #whenLost: Promise<never>;
  #timers: readonly Term[] = [];
  #rescue: Promise<DirectUndo | undefined> | undefined;
  #ending: Promise<UndoReport> | undefined;

  constructor(node: BeamNode, armed: Armed) {
    this.#node = node;
    this.#armed = armed;
    this.#whenLost = new Promise((_, reject) => {
      this.lost.addEventListener("abort", () => reject(this.lost.reason as GuardLostError));
    });
    this.#whenLost.catch(() => undefined);
    this.keeper = new LeaseKeeper(armed.lease, () => this.#renew());
    armed.down.then(
      (reason) => this.#ended(reason),
      () => this.#lose("link"),
    );
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** @throws GuardLostError when the guardian is not known to hold; GuardRefusedError after the end */
  async mayGoOn(): Promise<void> {
    if (this.lost.aborted) throw this.lost.reason;
    if (this.#ending !== undefined) throw this.#refused("the guardian is disarmed");
    if (!this.keeper.fresh && !(await this.keeper.renew())) {
      throw this.lost.reason ?? this.#refused("the lease cannot be renewed");
    }
  }

  /** Writes to the journal; resolves when it is on the disk. */
  write(entry: Entry): Promise<void> {
    return this.#armed.journal.append(this.#armed.operation, entry);
  }

  /**
   * Asks the guardian for a step.
   * @param timeout milliseconds; 0 waits as long as it holds
   */
  async ask(what: Term, timeout: number): Promise<readonly Term[]> {
    const { channel, guard, epoch } = this.#armed;
    const request = channel.request(guard, epoch, what, timeout);
    request.catch(() => undefined);
    const answer = readAnswer(await Promise.race([request, this.#whenLost]));
    if (answer.ok) return answer.items;
    if (answer.lost !== undefined) throw this.#lose(answer.lost);
    throw this.#refused(`the guardian refused a step: ${answer.reason}`, answer.reason);
  }

  /** Asks for what only looks: an answer that does not come, or a refusal, is nobody's loss. */
  async peek(what: Term, timeout: number): Promise<readonly Term[] | undefined> {
    const { channel, guard, epoch } = this.#armed;
    const sent = channel.request(guard, epoch, what, timeout);
    const answer = await sent.then(readAnswer, () => undefined);
    return answer?.ok ? answer.items : undefined;
  }

  /** Asks for a step that changes what is held. While an install runs the guardian takes it only from who says so. */
  step(what: Term, timeout: number, duringInstall: boolean): Promise<readonly Term[]> {
    return this.ask(duringInstall ? tuple(atom("installing"), what) : what, timeout);
  }

  /** Has the guardian look at what will be held, and arm its backstop: nothing is suspended yet. */
  async prepare(
    kind: "processes" | "frozen" | "acceptors",
    what: readonly Term[],
    timeout: number,
    duringInstall: boolean,
  ): Promise<readonly [refused: Term, timers: readonly Term[]]> {
    const request = tuple(atom("prepare"), atom(kind), what, timeout);
    const [refused, timers] = await this.step(request, timeout + UNDO, duringInstall);
    this.#timers = [...this.#timers, ...(timers as readonly Term[])];
    return [refused as Term, timers as readonly Term[]];
  }

  /** Ends the hold, whatever state it is in. Never throws; the second call gets the first's report. */
  end(): Promise<UndoReport> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** Ends our part alone: the guardian sees that we are gone. */
  async leave(): Promise<void> {
    const { journal, ownJournal, channel } = this.#armed;
    this.keeper.stop();
    channel.end(this.#refused("the guardian is left to itself"));
    if (ownJournal) await journal.close();
  }

  async #end(): Promise<UndoReport> {
    // A journal that cannot be written must not keep anything suspended.
    await this.write({ kind: "disarm" }).catch(() => undefined);
    const status = this.lost.aborted ? undefined : await this.#disarm();
    const why = this.lost.aborted ? (this.lost.reason as GuardLostError).why : "asked";
    this.keeper.stop();
    const rescue = await this.#rescue;
    const told = status ?? (rescue === undefined ? await this.#tombstone(why) : undefined);
    const counts = told?.counts ?? {};
    const report: UndoReport = {
      operation: this.#armed.operation,
      why,
      undoneByGuard: told !== undefined && why !== "asked",
      resumed: (counts["resumed"] ?? 0) + (rescue?.resumed ?? 0),
      restarted: (counts["restarted"] ?? 0) + (rescue?.restarted ?? 0),
      freed: rescue?.freed ?? 0,
      died: counts["died"] ?? 0,
      late: counts["late"] ?? 0,
      leftSuspended: await this.#readBack(),
      leftHeld:
        told?.acceptors ??
        rescue?.leftAcceptors.length ??
        (this.books.acceptors.length === 0 ? 0 : undefined),
    };
    if (leftOf(report) === "nothing") this.clock.end();
    await this.#close(report, told);
    return report;
  }

  /** The guardian's last word, when it could give everything back. */
  async #disarm(): Promise<GuardStatus | undefined> {
    try {
      // While an install runs the answer comes when it has ended; else only a supervisor that hangs can keep it.
      const [status] = await this.ask(atom("disarm"), this.installing ? 0 : UNDO);
      return readStatus(status);
    } catch {
      return undefined;
    }
  }

  /** After a loss: waits until the guardian has undone everything, and takes its report. */
  async #tombstone(why: string): Promise<GuardStatus | undefined> {
    if (why === "link") return undefined;
    const patience = why === "silent" ? UNDO / 6 : UNDO;
    const gone = this.#armed.down.then(
      () => undefined,
      () => undefined,
    );
    const ask = (what: string) => {
      const { channel, guard } = this.#armed;
      return Promise.race([
        channel.request(guard, 0, atom(what), patience).catch(() => undefined),
        gone,
      ]);
    };
    // One that was asked to has had its time.
    for (let left = why === "asked" ? POLL : UNDO; left > 0; ) {
      const told = await ask("status");
      const answer = told && readAnswer(told);
      const status = answer?.ok ? readStatus(answer.items[0]) : undefined;
      if (status === undefined) return undefined;
      if (status.phase === "done") {
        await ask("bury");
        return status;
      }
      await pause(POLL);
      if (!status.waiting) left -= POLL;
    }
    return undefined;
  }

  async #readBack(): Promise<number | undefined> {
    try {
      const suspended = await suspendedAmong(this.#node, this.books.everHeld);
      const frozen = await frozenBy(this.#node, this.#armed.guard, this.books.frozen);
      return suspended.length + frozen.length;
    } catch {
      return undefined;
    }
  }

  async #close(report: UndoReport, told: GuardStatus | undefined): Promise<void> {
    const { journal, ownJournal, channel } = this.#armed;
    // Without an end in the journal, `recover` looks after it.
    if (report.leftSuspended === 0 && report.leftHeld === 0) {
      const outcome =
        told === undefined ? "recovered" : report.why === "asked" ? "disarmed" : "undone";
      await this.write({ kind: "end", outcome, left: 0 }).catch(() => undefined);
    }
    channel.end(this.#refused("the guardian is disarmed"));
    if (ownJournal) await journal.close();
  }

  async #renew(): Promise<boolean> {
    const { channel, guard, epoch, lease } = this.#armed;
    let error: unknown;
    // The guardian drops an answer rather than wait for a busy link, so silence is asked about once more.
    for (let tries = 0; tries < 2; tries++) {
      if (this.lost.aborted || this.#ending !== undefined) return false;
      try {
        const sent = channel.request(guard, epoch, atom("renew"), lease * 0.6);
        const answer = readAnswer(await sent);
        if (answer.ok) return true;
        if (answer.lost !== undefined) this.#lose(answer.lost);
        return false;
      } catch (failure) {
        error = failure;
      }
    }
    // A guardian that has ended is told of by its monitor.
    if (this.#ending === undefined) this.#lose(whyUnreachable(error), error);
    return false;
  }

  /** The process on the node has ended. */
  #ended(reason: Term): void {
    if (this.#ending !== undefined && !this.lost.aborted && reason === NORMAL) return;
    if (this.lost.aborted && reason === NORMAL) return;
    this.#lose(reason === NORMAL ? "exit" : "died");
    if (reason === NORMAL) return;
    this.#rescue = undoDirectly(this.#node, {
      pids: this.books.pids,
      frozen: this.books.frozen,
      guard: this.#armed.guard,
      acceptors: this.books.acceptors,
      timers: this.#timers,
      installing: this.installing,
    }).catch(() => undefined);
  }

  #lose(why: string, cause?: unknown): GuardLostError {
    if (this.lost.aborted) return this.lost.reason as GuardLostError;
    const error = new GuardLostError(why, { node: this.#node.name, cause });
    this.keeper.stop();
    this.write({ kind: "lost", why }).catch(() => undefined);
    this.#lost.abort(error);
    return error;
  }

  #refused(message: string, reason?: string): BeamError {
    const { name: node } = this.#node;
    return new GuardRefusedError(message, reason === undefined ? { node } : { node, reason });
  }
}
