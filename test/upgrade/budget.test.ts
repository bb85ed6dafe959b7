/** The budget of a hold, without a node: when it ends a wait, and when the whole. */

import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Queues } from "../../src/guard/queues.ts";
import { HoldClock } from "../../src/guard/times.ts";
import { atom, Pid } from "../../src/term/index.ts";
import {
  type Budget,
  budgetLine,
  budgetOf,
  staleWarning,
} from "../../src/upgrade/budget/budget.ts";
import { HoldWatch } from "../../src/upgrade/budget/watch.ts";
import { BudgetError } from "../../src/upgrade/index.ts";
import { Timeline } from "../../src/upgrade/report/timeline.ts";

const PIDS = [1, 2].map((id) => new Pid(atom("a@b"), id, 0, 1));
const NONE: Queues = { processes: 2, max: 0, sum: 0, memory: 100, onHeap: 2 };
const BUDGET: Budget = {
  ...{ soft: 300, hard: 1_000, queue: 10, memory: 50, expected: 1, rest: 100 },
  ...{ processes: 2, suspend: "channels", lowered: [] },
};

function watched(budget: Budget, queues: () => Queues | undefined, mayStop = () => true) {
  const times = new HoldClock();
  const warnings: string[] = [];
  const watch = new HoldWatch({
    guardian: { times, queues: async () => queues() },
    budget,
    timeline: new Timeline(),
    mayStop,
    tell: () => undefined,
    warn: (text) => warnings.push(text),
  });
  return { times, watch, warnings };
}

const fired = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

describe("a hold", () => {
  it("ends waits so early that the rest fits, and fails when it did not", async () => {
    const { times, watch } = watched(BUDGET, () => NONE);
    watch.check();
    times.take(PIDS);
    const began = performance.now();
    await fired(watch.cut);
    expect(performance.now() - began).toBeGreaterThanOrEqual(199);
    await delay(Math.max(0, 310 - (performance.now() - began)));
    expect(() => watch.check()).toThrow(BudgetError);
    times.give(PIDS);
    await watch.stop();
    expect(watch.figures.budget.stopped).toContain("300 ms of the budget were over");
  });

  it.each<[string, Queues, RegExp]>([
    ["messages that wait for one process", { ...NONE, max: 10, sum: 11 }, /10 messages waited/],
    ["memory", { ...NONE, memory: 151 }, /51 bytes more memory/],
  ])("is ended by too much of %s", async (_name, later, why) => {
    let now = NONE;
    const { times, watch } = watched({ ...BUDGET, soft: 60_000 }, () => now);
    times.take(PIDS);
    await watch.sample();
    watch.check();
    now = later;
    const cut = fired(watch.cut);
    await watch.sample();
    await cut;
    expect(() => watch.check()).toThrow(why);
    await watch.stop();
    expect(watch.figures.queues).toMatchObject({ max: later.max, onHeap: 2 });
  });

  it("is never ended once an install has begun; it is told", async () => {
    let ahead = true;
    const { times, watch, warnings } = watched(
      BUDGET,
      () => ({ ...NONE, max: 200_000 }),
      () => ahead,
    );
    ahead = false;
    times.take(PIDS);
    await watch.sample();
    await delay(350);
    watch.check();
    expect(watch.cut.aborted).toBe(false);
    times.end();
    await watch.stop();
    expect(warnings.join("\n")).toMatch(/200000 messages wait[\s\S]*over the budget of 300 ms/);
  });

  it("that nobody can count goes on", async () => {
    const { times, watch } = watched(BUDGET, () => undefined);
    times.take(PIDS);
    await watch.sample();
    await watch.stop();
    expect(watch.figures.queues).toBeNull();
  });
});

describe("the clock of a hold", () => {
  it("knows what is held now, and each time by itself", () => {
    const times = new HoldClock();
    expect(times.since).toBeUndefined();
    times.take(PIDS);
    const first = times.since;
    times.refuse([PIDS[1] as Pid]);
    times.give([PIDS[0] as Pid]);
    expect(times.since).toBeUndefined();
    times.take([PIDS[0] as Pid]);
    expect(times.processes).toHaveLength(2);
    expect(times.since).toBeGreaterThanOrEqual(first as number);
    times.end();
    for (const { from, to } of times.processes) expect(to).toBeGreaterThanOrEqual(from);
  });
});

describe("a budget", () => {
  const nobody = { name: "a@b" } as Parameters<typeof budgetOf>[0];
  it("is positive", async () => {
    const none = { suspend: undefined, drainTimeout: 0, modules: 0 };
    for (const limit of [{ soft: 0 }, { hard: -1 }, { queue: Number.NaN }, { memory: 0 }]) {
      await expect(budgetOf(nobody, limit, none)).rejects.toThrow("the budget's");
    }
    const lower = await budgetOf(nobody, { hard: 2_000 }, { ...none, drainTimeout: 10_000 });
    expect(lower).toMatchObject({ soft: 2_000, hard: 2_000, lowered: [], processes: 0 });
    expect(budgetLine(lower)).toContain("at most 2000 ms");
  });

  it("warns of transports, not of channels", () => {
    expect(staleWarning("channels")).toBeUndefined();
    expect(staleWarning("both")).toContain("done twice");
  });
});
