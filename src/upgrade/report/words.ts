/** The words and rows that the text and the page of a report share. */

import type { UpgradeReport } from "../events.ts";
import type { OperationReport } from "./report.ts";

/** A report of any operation, as the renderers take it. */
export type AnyReport = OperationReport & Partial<Omit<UpgradeReport, keyof OperationReport>>;

/** Milliseconds for people. */
export function time(milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined) return "not known";
  if (milliseconds < 10) return `${Math.round(milliseconds * 10) / 10} ms`;
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}

/** One sentence about how it ended. */
export function verdict(report: AnyReport): string {
  const { result, failure, timeline, counts } = report;
  if (failure !== null) return `failed at ${failure.stage}: the node is ${failure.outcome}`;
  if (result === "planned") return "checked and planned; nothing was changed";
  const held = timeline.hold;
  const left = counts.left === 0 ? "nothing left suspended" : "what is left is not known";
  if (held === null) return `done in ${time(report.duration)}; nothing was held`;
  const pause = held.end === null ? "not known" : time(held.end - held.start);
  return `done in ${time(report.duration)}; held for ${pause}, ${left}`;
}

/** Name and value of each count that says something. */
export function countRows({ counts, timeline, duration }: AnyReport): [string, string][] {
  const { hold, install, drain } = timeline;
  const length = (window: typeof hold) =>
    window === null
      ? "none"
      : window.end === null
        ? "end not known"
        : time(window.end - window.start);
  const known = (count: number | null) => (count === null ? "not looked at" : String(count));
  const after = counts.lookedAfter === null ? "soon" : `within ${time(counts.lookedAfter)}`;
  return [
    ["whole operation", time(duration)],
    ["hold, from the first to the last", length(hold)],
    ["wait for running requests", length(drain)],
    ["install", length(install)],
    ["processes held", String(counts.suspended)],
    ["acceptors held", String(counts.heldAcceptors)],
    ["asked, not held", String(counts.refused)],
    ["of these too late", String(counts.late)],
    ["ended while held", String(counts.died)],
    [`ended ${after} after the resume`, known(counts.endedSoon)],
    ["clients that left while held", known(counts.clientsLeft)],
    ["left suspended or held", known(counts.left)],
  ];
}

/** Where a version that runs on trial goes from here. */
const ON_TRIAL = "`beamctl release commit` keeps it, `beamctl release rollback` leaves it";

/** What was read back after the install, and again after the resume. */
export function verifiedRows(report: AnyReport): [string, string][] {
  const { verified, permanent, to, failure } = report;
  const items = verified?.items ?? [];
  if (items.length === 0 && permanent !== true) return [];
  return [
    ...items.map(({ what, at, result, found }): [string, string] => [
      `${what}, ${at}`,
      result === "ok" ? found : `${result}: ${found}`,
    ]),
    [
      `${to ?? "the version"} is permanent`,
      permanent === true ? "yes" : failure === null ? `no; ${ON_TRIAL}` : "no",
    ],
  ];
}

/** The budget and the queues, as rows. */
export function budgetRows({ budget, queues }: AnyReport): [string, string][] {
  const rows: [string, string][] = [];
  if (budget !== null) {
    const over = budget.held > budget.soft ? ", over the budget" : "";
    rows.push(["budget before the install", time(budget.soft)]);
    rows.push(["budget in all", time(budget.hard)]);
    rows.push(["expected", time(budget.expected)]);
    rows.push(["held", `${time(budget.held)}${over}`]);
    for (const why of budget.lowered) rows.push(["lowered", why]);
    if (budget.stopped !== null) rows.push(["ended early", budget.stopped]);
  }
  if (queues !== null) {
    rows.push(["longest queue", `${queues.max} messages`]);
    rows.push(["all queues together", `${queues.sum} messages`]);
    rows.push(["at the resume", `${queues.atResume.max} and ${queues.atResume.sum} messages`]);
    rows.push(["growth", `${queues.growth} messages a second`]);
    rows.push(["queues on the heap", `${queues.onHeap} processes`]);
  }
  return rows;
}
