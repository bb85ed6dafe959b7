/** Deadlines: never early, removed for good, and no timer while nothing waits. */

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Deadline, TimerWheel } from "../../src/node/timer-wheel.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
});

function waiter(fired: [string, number][], name: string): Deadline {
  return { expired: () => fired.push([name, performance.now()]) };
}

it("fires each deadline in time and never early", () => {
  const wheel = new TimerWheel();
  const fired: [string, number][] = [];
  const start = performance.now();
  const delays = [1, 7, 8, 9, 100, 4_095, 4_096, 5_000, 60_000];
  for (const delay of delays) wheel.add(waiter(fired, String(delay)), delay);
  vi.advanceTimersByTime(70_000);
  expect(fired.map(([name]) => Number(name))).toEqual(delays);
  for (const [name, at] of fired) {
    expect(at - start).toBeGreaterThanOrEqual(Number(name));
    expect(at - start).toBeLessThanOrEqual(Number(name) + 17);
  }
  expect([wheel.size, vi.getTimerCount()]).toEqual([0, 0]);
});

it("forgets what is removed, and stops its timer with the last one", () => {
  const wheel = new TimerWheel();
  const fired: [string, number][] = [];
  const [early, late] = [waiter(fired, "early"), waiter(fired, "late")];
  wheel.add(early, 50);
  wheel.add(late, 100);
  wheel.remove(early);
  wheel.remove(early);
  vi.advanceTimersByTime(60);
  wheel.remove(late);
  expect([wheel.size, vi.getTimerCount(), fired]).toEqual([0, 0, []]);
});

it("has no deadline for 0 and Infinity", () => {
  const wheel = new TimerWheel();
  wheel.add(waiter([], "never"), 0);
  wheel.add(waiter([], "never"), Number.POSITIVE_INFINITY);
  expect([wheel.size, vi.getTimerCount()]).toEqual([0, 0]);
});

it("lets an expired one add and remove others", () => {
  const wheel = new TimerWheel();
  const fired: [string, number][] = [];
  const other = waiter(fired, "other");
  wheel.add(other, 10);
  wheel.add(
    {
      expired: () => {
        wheel.remove(other);
        wheel.add(waiter(fired, "next"), 20);
      },
    },
    5,
  );
  vi.advanceTimersByTime(100);
  expect(fired.map(([name]) => name)).toEqual(["next"]);
});

it("catches up after the process has slept for longer than a turn", () => {
  const wheel = new TimerWheel();
  const fired: [string, number][] = [];
  for (let index = 0; index < 600; index++) wheel.add(waiter(fired, "x"), 1 + index * 8);
  vi.setSystemTime(Date.now() + 60_000);
  vi.advanceTimersByTime(60_000);
  expect(fired.length).toBe(600);
});
