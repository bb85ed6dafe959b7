/** What differs between two terms, line by line in Elixir syntax. */

import { inspect, type Term } from "../../term/index.ts";

/** Lines of a term that are compared; beyond them a diff says nothing. */
const LINES = 400;
/** Lines of the diff that are shown. */
const SHOWN = 60;
/** Equal lines around a change that are shown. */
const AROUND = 2;

/** The terms as lines: ` ` in both, `-` only in `expected`, `+` only in `got`. Equal lines far from a change are `...`. */
export function termDiff(expected: Term, got: Term): string {
  const lines = changes(linesOf(expected), linesOf(got));
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - AROUND), at + AROUND + 1).some((line) => !line.startsWith(" ")),
  );
  const kept = lines.flatMap((line, at) => (near[at] ? [line] : near[at - 1] ? ["  ..."] : []));
  return [...kept.slice(0, SHOWN), ...(kept.length > SHOWN ? ["  ..."] : [])].join("\n");
}

function linesOf(term: Term): string[] {
  return inspect(term, { width: 60, limit: 500 })
    .split("\n")
    .slice(0, LINES)
    .map((line) => line.slice(0, 300));
}

/** By the longest common subsequence. */
function changes(expected: readonly string[], got: readonly string[]): string[] {
  const width = got.length + 1;
  const longest = new Uint16Array((expected.length + 1) * width);
  const at = (row: number, column: number): number => longest[row * width + column] as number;
  for (let row = expected.length - 1; row >= 0; row--) {
    for (let column = got.length - 1; column >= 0; column--) {
      longest[row * width + column] =
        expected[row] === got[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const lines: string[] = [];
  let [row, column] = [0, 0];
  while (row < expected.length || column < got.length) {
    if (row < expected.length && column < got.length && expected[row] === got[column]) {
      lines.push(`  ${expected[row++]}`);
      column++;
    } else if (
      column >= got.length ||
      (row < expected.length && at(row + 1, column) >= at(row, column + 1))
    ) {
      lines.push(`- ${expected[row++]}`);
    } else {
      lines.push(`+ ${got[column++]}`);
    }
  }
  return lines;
}
