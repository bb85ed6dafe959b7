/** What a check found, for people: each with a mark, what is so, why it matters, and what to do. */

import stringWidth from "string-width";
import type { Finding, Severity } from "../../upgrade/index.ts";
import { plain } from "./plain.ts";
import type { Printer } from "./printer.ts";

const MARKS = {
  refusal: { mark: "✗", colour: "red" },
  danger: { mark: "‼", colour: "red" },
  warning: { mark: "!", colour: "yellow" },
  notice: { mark: "·", colour: "cyan" },
} as const satisfies Record<Severity, { mark: string; colour: string }>;

/** Lines are no longer than this even where the terminal is. */
const WIDEST = 120;

/** The findings in the order that they come in, as text of lines no wider than `columns`. */
export function findingLines(
  findings: readonly Finding[],
  columns: number,
  style: Printer["style"],
): string[] {
  const width = Math.max(40, Math.min(columns, WIDEST));
  return findings.flatMap(({ severity, code, what, cause, remedy }) => {
    const { mark, colour } = MARKS[severity];
    const [first = "", ...rest] = wrap(`${severity} ${code}: ${what}`, width - 2);
    const label = `${severity} ${code}:`;
    const head = first.startsWith(label)
      ? `${style(colour, label)}${first.slice(label.length)}`
      : style(colour, first);
    return [
      `${style(colour, mark)} ${head}`,
      ...rest.map((line) => `  ${line}`),
      ...wrap(cause, width - 8).map((line, at) => `${at === 0 ? "  why:  " : "        "}${line}`),
      ...wrap(remedy, width - 8).map((line, at) => `${at === 0 ? "  do:   " : "        "}${line}`),
    ];
  });
}

/** The text in lines of that many columns; a word that is longer stands in a line of its own, whole, so that it can be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of plain(text).split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && stringWidth(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
