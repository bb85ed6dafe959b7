/** The timeline of a report as SVG, to scale: stages, steps, the hold, and how the queues grew. */

import { escapeHtml } from "./escape.ts";
import { type AnyReport, time } from "./words.ts";

const WIDTH = 960;
const LEFT = 190;
const RIGHT = 24;
const ROW = 24;
const BAR = 14;
const CURVE = 70;
const TOP = 30;

interface Row {
  readonly name: string;
  readonly kind: "stage" | "step" | "hold" | "install" | "listener";
  readonly start: number;
  readonly end: number;
  readonly state: string;
}

/** The drawing; an empty text when there is nothing to draw. */
export function drawing(report: AnyReport): string {
  const { duration, timeline } = report;
  const all = rowsOf(report);
  if (all.length === 0) return "";
  const total = Math.max(duration, ...all.map(({ end }) => end), 1);
  const x = (at: number) =>
    round(LEFT + (Math.min(Math.max(at, 0), total) / total) * (WIDTH - LEFT - RIGHT));
  const curve = curveOf(report, x, TOP + all.length * ROW + 14);
  const bottom = TOP + all.length * ROW + (curve === "" ? 0 : CURVE + 14);
  const height = bottom + 12;
  const hold = timeline.hold;
  const shade =
    hold === null
      ? ""
      : `<rect class="held" x="${x(hold.start)}" y="${TOP - 4}" width="${width(x, hold.start, hold.end ?? total)}" height="${bottom - TOP + 4}"><title>${escapeHtml(`held for ${time((hold.end ?? total) - hold.start)}`)}</title></rect>`;
  const parts = [
    ...ticks(total).map(
      (at) =>
        `<line class="tick" x1="${x(at)}" y1="${TOP - 6}" x2="${x(at)}" y2="${bottom}"/><text class="when" x="${x(at)}" y="${TOP - 12}" text-anchor="middle">${escapeHtml(label(at, total))}</text>`,
    ),
    shade,
    limit(report, x, total, bottom),
    ...all.map((row, at) => bar(row, TOP + at * ROW, x)),
    curve,
  ];
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="drawn what"><title id="drawn">Timeline</title><desc id="what">${escapeHtml(described(report))}</desc>${parts.join("")}</svg>`;
}

function rowsOf({ timeline, listeners, duration }: AnyReport): Row[] {
  const { stages, steps, hold, install } = timeline;
  const rows: Row[] = stages.map((span) => ({
    ...span,
    kind: span.name === "install" ? "install" : "stage",
  }));
  if (install !== null && !rows.some(({ kind }) => kind === "install")) {
    rows.push({ name: "install", kind: "install", ...ends(install, duration), state: "done" });
  }
  // Checks that took no time worth drawing would only be a wall of hairlines.
  const shown = steps.filter(
    ({ start, end, state }) => state !== "done" || end - start >= duration / 200,
  );
  rows.push(...shown.map((span): Row => ({ ...span, kind: "step" })));
  for (const listener of listeners) {
    const what = listener.mode === "hold" ? "waits" : "refuses";
    rows.push({
      name: `${listener.name} ${what}`,
      kind: "listener",
      ...ends(listener, duration),
      state: "done",
    });
  }
  if (hold !== null)
    rows.push({ name: "held", kind: "hold", ...ends(hold, duration), state: "done" });
  return rows;
}

/** Where the budget of the hold was over, when the operation lasted so long. */
function limit(
  { timeline: { hold }, budget }: AnyReport,
  x: (at: number) => number,
  total: number,
  bottom: number,
): string {
  const at = (hold?.start ?? 0) + (budget?.soft ?? 0);
  if (hold === null || budget === null || at > total) return "";
  return `<line class="limit" x1="${x(at)}" y1="${TOP - 6}" x2="${x(at)}" y2="${bottom}"><title>${escapeHtml(`the budget of ${time(budget.soft)} is over`)}</title></line>`;
}

function ends({ start, end }: { start: number; end: number | null }, total: number) {
  return { start, end: end ?? total };
}

function bar({ name, kind, start, end, state }: Row, y: number, x: (at: number) => number): string {
  const length = width(x, start, end);
  const text = escapeHtml(short(name));
  const failed = state === "failed" ? " failed" : "";
  const took = time(Math.round((end - start) * 10) / 10);
  const inside = x(start) + length + 6 + took.length * 7 > WIDTH;
  const at = inside ? x(start) - 6 : x(start) + length + 6;
  return (
    `<g class="${kind}${failed}"><title>${escapeHtml(`${name}: ${took}${failed}`)}</title>` +
    `<text class="name" x="${LEFT - 12}" y="${y + BAR - 2}" text-anchor="end">${text}</text>` +
    `<rect x="${x(start)}" y="${y}" width="${length}" height="${BAR}" rx="2"/>` +
    `<text class="took" x="${round(at)}" y="${y + BAR - 2}"${inside ? ' text-anchor="end"' : ""}>${escapeHtml(took)}</text></g>`
  );
}

/** How many messages waited, over the time. */
function curveOf({ queues }: AnyReport, x: (at: number) => number, top: number): string {
  if (queues === null || queues.samples.length === 0 || queues.sum === 0) return "";
  const y = (sum: number) => round(top + CURVE - 8 - (sum / queues.sum) * (CURVE - 16));
  const points = queues.samples.map(({ at, sum }) => `${x(at)},${y(sum)}`);
  const dots = queues.samples.map(
    ({ at, sum, max }) =>
      `<circle cx="${x(at)}" cy="${y(sum)}" r="2.5"><title>${escapeHtml(`${sum} messages, ${max} for one`)}</title></circle>`,
  );
  return (
    `<g class="queue"><text class="name" x="${LEFT - 12}" y="${top + CURVE / 2}" text-anchor="end">queued messages</text>` +
    `<text class="when" x="${LEFT - 12}" y="${top + CURVE / 2 + 15}" text-anchor="end">most ${queues.sum}</text>` +
    `<polyline points="${points.join(" ")}"/>${dots.join("")}</g>`
  );
}

/** What the drawing shows, for those who do not see it. */
function described({ timeline }: AnyReport): string {
  const parts = timeline.stages.map(
    ({ name, start, end }) => `${name} ${time(Math.round(end - start))}`,
  );
  return `One bar for each stage, to scale: ${parts.join(", ")}`;
}

function width(x: (at: number) => number, start: number, end: number): number {
  return round(Math.max(1.5, x(end) - x(start)));
}

/** Some six places of a round number of milliseconds. */
function ticks(total: number): number[] {
  const rough = total / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) ?? rough;
  return Array.from({ length: Math.floor(total / step) + 1 }, (_, at) => at * step);
}

function label(at: number, total: number): string {
  return total >= 5_000 ? `${round(at / 1000)} s` : `${round(at)} ms`;
}

/** A name that fits the margin. */
function short(name: string): string {
  const letters = [...name];
  return letters.length <= 26 ? name : `${letters.slice(0, 25).join("")}…`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
