/** Watches a hold: how long it lasts and what waits for it; before an install it says when that is too much. */

import { setTimeout as delay } from "node:timers/promises";
import type { Guardian, Queues } from "../../guard/index.ts";
import type { BudgetFigures, QueueFigures, QueueSample } from "../report/report.ts";
import type { Timeline } from "../report/timeline.ts";
import type { Budget } from "./budget.ts";
import { BudgetError } from "./errors.ts";

/** How often the time is looked at, and the queues; a count that takes long is made more rarely. All in milliseconds. */
const TICK = 50;
const SAMPLE = 500;
const SPARING = 20;

/** A count that takes longer is not waited for before a resume. */
const QUICK = 50;

/** From so many messages on a heap on the resume takes long: a million took minutes. */
const HEAVY = 100_000;

/** What a watch tells while it goes on. */
export interface Watched {
  /** Milliseconds that the hold has lasted. */
  readonly held: number;
  readonly queues: Queues | undefined;
}

interface Around {
  readonly guardian: Pick<Guardian, "times" | "queues">;
  readonly budget: Budget;
  readonly timeline: Timeline;
  /** Whether all may be given back now: not since the install began. */
  readonly mayStop: () => boolean;
  readonly tell: (watched: Watched) => void;
  readonly warn: (text: string) => void;
}

/** One watch, from its making until {@link HoldWatch.stop}. */
export class HoldWatch {
  readonly #around: Around;
  readonly #timer: NodeJS.Timeout;
  readonly #cut = new AbortController();
  readonly #samples: QueueSample[] = [];
  readonly #sampling = new Set<Promise<void>>();
  #nextSample = 0;
  #onHeap = 0;
  #cost = 0;
  #stopped: string | undefined;

  constructor(around: Around) {
    this.#around = around;
    this.#timer = setInterval(() => this.#tick(), TICK);
  }

  /** Fires when there is no more time to wait for anything before the install. */
  get cut(): AbortSignal {
    return this.#cut.signal;
  }

  /** @throws BudgetError when the hold must end before the install */
  check(): void {
    const { budget, mayStop } = this.#around;
    if (!mayStop()) return;
    if (this.#held() > budget.soft) {
      this.#stopped ??= `the ${budget.soft} ms of the budget were over before the install`;
    }
    if (this.#stopped === undefined) return;
    throw new BudgetError(this.#stopped, {
      remedy:
        "What was held is given back. Run it at a quieter time, wait less for requests (--drain), or allow more (--budget).",
    });
  }

  /** Counts what waits now. */
  sample(): Promise<void> {
    const done = this.#sample().finally(() => this.#sampling.delete(done));
    this.#sampling.add(done);
    return done;
  }

  /** Counts once more right before the resume, when that costs next to nothing: a busy node is not waited for. */
  async last(): Promise<void> {
    if (this.#cost > QUICK) return;
    await Promise.race([this.sample(), delay(QUICK, undefined, { ref: false })]);
  }

  /** Ends it; says what was over the budget. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#sampling);
    const { budget, warn } = this.#around;
    const held = Math.round(this.#window());
    if (this.#stopped === undefined && budget.rest > 0 && held > budget.soft) {
      warn(`held for ${held} ms, over the budget of ${budget.soft} ms`);
    }
  }

  get figures(): { budget: BudgetFigures; queues: QueueFigures | null } {
    const { soft, hard, expected, lowered } = this.#around.budget;
    const held = Math.round(this.#window());
    const stopped = this.#stopped ?? null;
    return {
      budget: { soft, hard, expected, lowered, held, stopped },
      queues: queueFigures(this.#samples, this.#onHeap),
    };
  }

  #tick(): void {
    const held = this.#held();
    if (held === 0 || this.#around.guardian.times.giving) return;
    const { budget, mayStop } = this.#around;
    const last = Math.max(budget.soft / 2, budget.soft - budget.rest);
    if (mayStop() && held >= last && !this.#cut.signal.aborted) this.#cut.abort();
    if (performance.now() >= this.#nextSample && this.#sampling.size === 0) void this.sample();
  }

  /** Milliseconds that something is held now; 0 when nothing is. */
  #held(): number {
    const { since } = this.#around.guardian.times;
    return since === undefined ? 0 : performance.now() - since;
  }

  /** From the first thing held to the last given back. */
  #window(): number {
    const { processes, acceptors } = this.#around.guardian.times;
    const now = performance.now();
    let [from, to] = [Number.POSITIVE_INFINITY, 0];
    for (const time of [...processes, ...acceptors]) {
      from = Math.min(from, time.from);
      to = Math.max(to, time.to ?? now);
    }
    return Math.max(0, to - from);
  }

  async #sample(): Promise<void> {
    const { guardian, timeline, budget, tell, warn, mayStop } = this.#around;
    const asked = performance.now();
    this.#nextSample = Number.POSITIVE_INFINITY;
    const held = this.#held();
    const queues = await guardian.queues();
    const now = performance.now();
    this.#cost = now - asked;
    this.#nextSample = now + Math.max(SAMPLE, (now - asked) * SPARING);
    tell({ held: Math.round(held), queues });
    // While it is worked off the count says nothing about the hold.
    if (queues === undefined || guardian.times.giving) return;
    const { processes, max, sum, memory, onHeap } = queues;
    const heavy = this.#samples.some((sample) => sample.max >= HEAVY);
    this.#samples.push({ at: timeline.offset(now), processes, max, sum, memory });
    this.#onHeap = Math.max(this.#onHeap, onHeap);
    if (max >= HEAVY && onHeap > 0 && !heavy) {
      warn(
        `${max} messages wait for one process, and its queue is on its heap: it will take long after the resume; off_heap (message_queue_data) does not`,
      );
    }
    if (!mayStop()) return;
    const grown = memory - (this.#samples[0]?.memory ?? memory);
    if (max >= budget.queue) this.#end(`${max} messages waited for one held process`);
    else if (budget.memory !== undefined && grown >= budget.memory) {
      this.#end(`the held processes took ${grown} bytes more memory`);
    }
  }

  #end(why: string): void {
    this.#stopped ??= why;
    this.#cut.abort();
  }
}

function queueFigures(samples: readonly QueueSample[], onHeap: number): QueueFigures | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return null;
  const seconds = (last.at - first.at) / 1000;
  const { max, sum } = last;
  return {
    samples,
    max: Math.max(...samples.map((sample) => sample.max)),
    sum: Math.max(...samples.map((sample) => sample.sum)),
    atResume: { max, sum },
    growth: seconds > 0 ? Math.round((last.sum - first.sum) / seconds) : 0,
    onHeap,
  };
}
