/** The demo's timeline on stderr and its results on stdout. */

import Table from "cli-table3";
import type { Arm } from "./arms.ts";
import type { HttpFigures } from "./http.ts";
import type { KilledFigures } from "./kill.ts";

/** What one arm came to. Times are milliseconds. */
export interface Report {
  readonly arm: Arm;
  /** `same` are those that are still the very connections of the start. */
  readonly sockets: { readonly before: number; readonly after: number; readonly same: number };
  readonly messages: {
    readonly sent: number;
    readonly answered: number;
    readonly lost: number;
    readonly outOfOrder: number;
  };
  readonly http: HttpFigures;
  /** The longest that any client waited between two replies, over all that was done. */
  readonly pauseMs: number;
  /** The same before the first change (the clients push every 50 ms), and in each change. */
  readonly pauses: {
    readonly steady: number;
    readonly upgrade: number;
    readonly downgrade: number;
  };
  /** Only with `--kill`. */
  readonly killed?: KilledFigures & { readonly pauseMs: number };
  readonly versions: Stages;
  readonly state: Stages;
  readonly leftSuspended: number;
  /** What should hold and does not. */
  readonly broken: readonly string[];
}

interface Stages {
  readonly before: string;
  readonly upgraded: string;
  readonly after: string;
}

/** Lines on stderr, each with the seconds since the first. */
export function timeline(): (text: string) => void {
  const started = performance.now();
  return (text) => {
    const seconds = ((performance.now() - started) / 1000).toFixed(2).padStart(6);
    process.stderr.write(`${seconds} s  ${text}\n`);
  };
}

const ROWS: readonly (readonly [string, (report: Report) => string])[] = [
  ["sockets before → after", ({ sockets }) => `${sockets.before} → ${sockets.after}`],
  ["the same connections", ({ sockets }) => `${sockets.same}`],
  ["messages sent", ({ messages }) => `${messages.sent}`],
  ["answered", ({ messages }) => `${messages.answered}`],
  ["lost", ({ messages }) => `${messages.lost}`],
  ["out of order", ({ messages }) => `${messages.outOfOrder}`],
  ["HTTP requests sent", ({ http }) => `${http.sent}`],
  ["failed", ({ http }) => `${http.failed}`],
  ["of them in two versions", ({ http }) => `${http.mixed}`],
  ["longest pause, steady", ({ pauses }) => `${pauses.steady} ms`],
  ["in the upgrade", ({ pauses }) => `${pauses.upgrade} ms`],
  ["in the downgrade", ({ pauses }) => `${pauses.downgrade} ms`],
  ["version", ({ versions }) => `${versions.before} → ${versions.upgraded} → ${versions.after}`],
  ["counter, assign before", ({ state }) => state.before],
  ["upgraded", ({ state }) => state.upgraded],
  ["after", ({ state }) => state.after],
  ["left suspended", ({ leftSuspended }) => `${leftSuspended}`],
];

const KILL_ROWS: typeof ROWS = [
  ["beamctl killed: suspended then", ({ killed }) => `${killed?.suspended}`],
  ["the node ran again after", ({ killed }) => `${killed?.resumedAfterMs} ms`],
  ["longest pause of that", ({ killed }) => `${killed?.pauseMs} ms`],
  ["recover", ({ killed }) => `exit ${killed?.recoverExit}`],
];

/** One column for each arm. */
export function table(reports: readonly Report[]): string {
  const result = new Table({
    head: ["", ...reports.map(({ arm }) => (arm === "bare" ? "bare (control)" : arm))],
    style: { head: [], border: [], compact: true },
  });
  const killed = reports.some((report) => report.killed !== undefined);
  for (const [name, figure] of killed ? [...ROWS, ...KILL_ROWS] : ROWS) {
    result.push([name, ...reports.map(figure)]);
  }
  return result.toString();
}
