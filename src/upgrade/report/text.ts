/** A report as plain text: for a terminal, a mail, a ticket. */

import { visible } from "./escape.ts";
import type { TimeSpan } from "./timeline.ts";
import { type AnyReport, budgetRows, countRows, time, verdict, verifiedRows } from "./words.ts";

/** The short form: what happened and the figures that matter. */
export function summary(report: AnyReport): string {
  const { node, title, failure, result } = report;
  const lines = [`${node}: ${title}`, `  ${verdict(report)}`];
  if (result === "planned") return clean(lines);
  if (failure?.remedy) lines.push(`  to do: ${failure.remedy}`);
  const sections = [pauses(report), rows(countRows(report).filter(isNews)), waits(report)];
  for (const section of sections) if (section.length > 0) lines.push("", ...section);
  const verified = rows(verifiedRows(report));
  if (verified.length > 0) lines.push("", ...verified);
  return clean(lines);
}

/** The whole report. */
export function textReport(report: AnyReport): string {
  const { node, title, operation, startedAt, timeline, failure, findings, log } = report;
  const lines = [
    title,
    rule(title, "="),
    "",
    ...rows([
      ["node", node],
      ["operation", operation],
      ["began", new Date(startedAt).toISOString()],
      ["result", verdict(report)],
      ...(failure === null
        ? []
        : ([
            ["why", failure.message],
            ["what to do", failure.remedy ?? "look at the log"],
          ] as [string, string][])),
    ]),
  ];
  const section = (name: string, body: readonly string[]) => {
    if (body.length > 0) lines.push("", name, rule(name, "-"), ...body);
  };
  section("Timeline", spans(timeline.stages));
  section("Steps", spans(timeline.steps));
  section("Pauses", pauses(report));
  section("Counts", rows(countRows(report)));
  section("New clients", waits(report));
  section("Budget and queues", rows(budgetRows(report)));
  section("Verified", rows(verifiedRows(report)));
  section(
    "Findings",
    findings.flatMap(({ severity, code, what, cause, remedy }) => [
      `  ${severity}: ${what} (${code})`,
      `    ${cause}. ${remedy}`,
    ]),
  );
  section(
    "Log",
    log.map(({ at, level, text }) => `  ${seconds(at)}  ${level.padEnd(7)}  ${text}`),
  );
  return clean(lines);
}

function pauses({ pauses: figures }: AnyReport): string[] {
  if (figures.length === 0) return [];
  const table = [
    ["paused", "processes", "p50", "p99", "max"],
    ...figures.map(({ group, count, unknown, p50, p99, max }) => [
      group,
      unknown === 0 ? String(count) : `${count} (${unknown} unknown)`,
      time(p50),
      time(p99),
      time(max),
    ]),
  ];
  const widths = table[0]?.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  return table.map((row) =>
    `  ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths?.[at] ?? 0) : cell.padStart(widths?.[at] ?? 0))).join("  ")}`.trimEnd(),
  );
}

function waits({ listeners }: AnyReport): string[] {
  return listeners.map(({ name, mode, start, end }) => {
    const what = mode === "hold" ? "new clients waited" : "new clients were refused for";
    return `  ${name}: ${what} ${end === null ? "until the node gave it back" : `${time(end - start)}${mode === "hold" ? " at most" : ""}`}`;
  });
}

function rows(pairs: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}

/** What is as it should be needs no line in the short form. */
function isNews([name, value]: readonly [string, string]): boolean {
  return !["none", "0", "not looked at"].includes(value) || /^left|^clients/.test(name);
}

function spans(all: readonly TimeSpan[]): string[] {
  const widest = Math.max(0, ...all.map(({ name }) => name.length));
  return all.map(({ name, start, end, state }) => {
    const failed = state === "done" ? "" : `  ${state}`;
    return `  ${seconds(start)}  ${name.padEnd(widest)}${time(Math.round((end - start) * 10) / 10).padStart(9)}${failed}`;
  });
}

function seconds(offset: number): string {
  return `${(offset / 1000).toFixed(3).padStart(8)} s`;
}

function rule(text: string, with_: string): string {
  return with_.repeat([...text].length);
}

/** Only our own line ends and spaces stay as they are. */
function clean(lines: readonly string[]): string {
  return `${lines.map(visible).join("\n")}\n`;
}
