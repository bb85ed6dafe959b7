/** A report as one page that needs nothing else: no script, no font, no picture from elsewhere. */

import { drawing } from "./drawing.ts";
import { escapeHtml } from "./escape.ts";
import { STYLE } from "./style.ts";
import { type AnyReport, budgetRows, countRows, time, verdict, verifiedRows } from "./words.ts";

/** Nothing may be loaded, whatever a text in it would like. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** The page. */
export function htmlReport(report: AnyReport): string {
  const { title, node, operation, startedAt } = report;
  const began = new Date(startedAt).toISOString();
  const body = [
    `<header><h1>${escapeHtml(title)}</h1>`,
    `<p class="soft">${escapeHtml(node)} · <time datetime="${escapeHtml(began)}">${escapeHtml(began.replace("T", " ").replace(/\.\d+Z/, " UTC"))}</time> · operation ${escapeHtml(operation)}</p></header>`,
    verdictBox(report),
    bigFigures(report),
    section("Timeline", scroll(drawing(report))),
    section("Pauses", pausesTable(report)),
    section("New clients", listenersTable(report)),
    section("Counts", pairs(countRows(report))),
    section("Budget and queues", pairs(budgetRows(report))),
    section("Verified", pairs(verifiedRows(report))),
    section("Findings", findingsTable(report)),
    section("Steps", stepsTable(report)),
    section("Log", logTable(report)),
  ];
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(`${title}: ${report.result}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body.filter((part) => part !== "").join("\n")}
</main>
</body>
</html>
`;
}

function verdictBox(report: AnyReport): string {
  const { failure, result } = report;
  const lines = [`<strong>${escapeHtml(verdict(report))}</strong>`];
  if (failure !== null) {
    lines.push(`<p>${escapeHtml(failure.message)}</p>`);
    const todo = failure.remedy ?? "Look at the log below.";
    lines.push(`<p><b>What to do:</b> ${escapeHtml(todo)}</p>`);
  }
  return `<section class="verdict ${result}" aria-label="Result">${lines.join("")}</section>`;
}

function bigFigures({ pauses, counts, timeline, result }: AnyReport): string {
  if (result === "planned") return "";
  const longest = pauses.length === 0 ? "none" : time(Math.max(...pauses.map(({ max }) => max)));
  const { install } = timeline;
  const took =
    install === null || install.end === null ? "none" : time(install.end - install.start);
  const left = counts.clientsLeft === null ? "–" : String(counts.clientsLeft);
  const figures = [
    ["longest pause", longest],
    ["processes held", String(counts.suspended)],
    ["install", took],
    ["clients that left", left],
  ] as const;
  const boxes = figures.map(
    ([name, value]) => `<div><b>${escapeHtml(value)}</b><span>${name}</span></div>`,
  );
  return `<div class="big">${boxes.join("")}</div>`;
}

function pausesTable({ pauses }: AnyReport): string {
  return table(
    "Of each process, from its own suspension to its own resume.",
    ["of", "#processes", "#shortest", "#p50", "#p99", "#longest"],
    pauses.map(({ group, count, unknown, min, p50, p99, max }) => [
      unknown === 0 ? group : `${group} (${unknown} whose end nobody saw)`,
      ...[String(count), time(min), time(p50), time(p99), time(max)],
    ]),
  );
}

function listenersTable({ listeners }: AnyReport): string {
  return table(
    "",
    ["listener", "new clients", "#acceptors", "#from", "#for"],
    listeners.map(({ name, mode, acceptors, start, end }) => [
      name,
      mode === "hold" ? "waited in its backlog" : "were refused",
      ...[String(acceptors), time(start), end === null ? "not known" : time(end - start)],
    ]),
  );
}

function findingsTable({ findings }: AnyReport): string {
  const rows = findings.map(
    ({ severity, code, what, cause, remedy }) =>
      `<tr><td><span class="tag ${escapeHtml(severity)}">${escapeHtml(severity)}</span></td><td><b>${escapeHtml(what)}</b><br>${escapeHtml(cause)}. ${escapeHtml(remedy)}<br><span class="soft">${escapeHtml(code)}</span></td></tr>`,
  );
  return rows.length === 0 ? "" : `<table><tbody>${rows.join("")}</tbody></table>`;
}

function stepsTable({ timeline }: AnyReport): string {
  return table(
    "",
    ["step", "#from", "#took", "result"],
    timeline.steps.map(({ name, start, end, state }) => [
      name,
      time(start),
      time(Math.round((end - start) * 10) / 10),
      state,
    ]),
  );
}

function logTable({ log }: AnyReport): string {
  const rows = log.map(
    ({ at, level, text }) =>
      `<tr><td class="n">${(at / 1000).toFixed(3)} s</td><td class="${escapeHtml(level)}">${escapeHtml(level)}</td><td>${escapeHtml(text)}</td></tr>`,
  );
  return rows.length === 0 ? "" : `<table class="log"><tbody>${rows.join("")}</tbody></table>`;
}

function pairs(rows: readonly (readonly [string, string])[]): string {
  const lines = rows.map(
    ([name, value]) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return lines.length === 0 ? "" : `<table><tbody>${lines.join("")}</tbody></table>`;
}

/** A column whose title begins with # holds numbers. */
function table(
  caption: string,
  titles: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  if (rows.length === 0) return "";
  const number = titles.map((title) => title.startsWith("#"));
  const of = (at: number) => (number[at] ? ' class="n"' : "");
  const head = titles.map((title, at) => `<th scope="col"${of(at)}>${title.replace("#", "")}</th>`);
  const lines = rows.map(
    (row) => `<tr>${row.map((cell, at) => `<td${of(at)}>${escapeHtml(cell)}</td>`).join("")}</tr>`,
  );
  const above = caption === "" ? "" : `<caption>${escapeHtml(caption)}</caption>`;
  return scroll(
    `<table>${above}<thead><tr>${head.join("")}</tr></thead><tbody>${lines.join("")}</tbody></table>`,
  );
}

function scroll(content: string): string {
  return content === "" ? "" : `<div class="scroll">${content}</div>`;
}

function section(name: string, content: string): string {
  return content === "" ? "" : `<section><h2>${name}</h2>\n${content}</section>`;
}
