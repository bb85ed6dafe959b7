/** How long processes stood: percentiles over all of them. */

import { type HeldTime, type HoldTimes, pidKey } from "../../guard/index.ts";
import type { Facts } from "../../instructions/index.ts";
import type { Pid } from "../../term/index.ts";

/** Milliseconds over the processes of one kind, each from its own suspension to its own resume. */
export interface PauseFigures {
  /** `channels`, `transports`, `application` (what the relup changes), or `other`. */
  readonly group: string;
  /** Processes that were held, and of these how many nobody saw being given back: they are in no figure. */
  readonly count: number;
  readonly unknown: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The value below which this share of them lies, by the nearest rank; 0 of none. `sorted` ascends. */
export function percentile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  return sorted[Math.min(rank, sorted.length) - 1] ?? 0;
}

/** The figures of a group whose processes stood so long; `undefined` is a pause whose end nobody saw. */
export function pauseFigures(group: string, pauses: readonly (number | undefined)[]): PauseFigures {
  const known = pauses
    .flatMap((pause) => (pause === undefined ? [] : [Math.round(pause * 10) / 10]))
    .toSorted((left, right) => left - right);
  return {
    group,
    count: pauses.length,
    unknown: pauses.length - known.length,
    min: known[0] ?? 0,
    p50: percentile(known, 0.5),
    p99: percentile(known, 0.99),
    max: known.at(-1) ?? 0,
  };
}

const GROUPS = ["channels", "transports", "application", "other"] as const;

/** The acceptors that were frozen, by the keys of their pids: what they cost is told of their listeners. */
export function acceptorsOf({ listeners }: Pick<Facts, "listeners">): ReadonlySet<string> {
  return new Set(listeners.flatMap(({ stops }) => stops.hold.map(pidKey)));
}

/** All processes that a guardian held, by what they are; without acceptors. */
export function pausesOf(
  { processes }: Pick<HoldTimes, "processes">,
  facts: Pick<Facts, "sockets" | "appSuspended" | "listeners">,
): PauseFigures[] {
  const acceptors = acceptorsOf(facts);
  const groups = new Map<string, string>();
  for (const pid of facts.appSuspended) groups.set(pidKey(pid), "application");
  for (const { pid, group } of facts.sockets) groups.set(pidKey(pid), group);
  const pauses = new Map<string, HeldTime<Pid>[]>();
  for (const time of processes) {
    if (acceptors.has(pidKey(time.what))) continue;
    const group = groups.get(pidKey(time.what)) ?? "other";
    const own = pauses.get(group);
    if (own === undefined) pauses.set(group, [time]);
    else own.push(time);
  }
  return GROUPS.flatMap((group) => {
    const own = pauses.get(group);
    if (own === undefined) return [];
    const lengths = own.map(({ from, to }) => (to === undefined ? undefined : to - from));
    return [pauseFigures(group, lengths)];
  });
}
