/** Rows and trees for people: what cannot be shown in a cell is shortened, never wrapped. */

import stringWidth from "string-width";
import { plain } from "./plain.ts";

/** A column: its title, how a row's cell is made, and whether it holds numbers. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string | number;
  readonly right?: boolean;
}

/** A table without drawn borders, one line a row, as operators pipe through grep and awk. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: { headers: boolean; bold: (text: string) => string },
): string {
  const cells = rows.map((row) => columns.map(({ cell }) => plain(String(cell(row)))));
  if (options.headers) cells.unshift(columns.map(({ title }) => options.bold(title)));
  const sizes = cells.map((line) => line.map((cell) => stringWidth(cell)));
  const widths = columns.map((_, at) =>
    sizes.reduce((most, line) => Math.max(most, line[at] ?? 0), 0),
  );
  return cells
    .map((line, row) =>
      line
        .map((cell, at) => {
          const gap = " ".repeat((widths[at] ?? 0) - (sizes[row]?.[at] ?? 0));
          return columns[at]?.right === true ? gap + cell : cell + gap;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A node of a drawn tree. */
export interface Branch {
  readonly label: string;
  readonly children: readonly Branch[];
}

/** A tree with the lines that `tree` draws. Deep trees do not overflow the stack. */
export function tree(root: Branch): string {
  const lines: string[] = [];
  const todo: { branch: Branch; lead: string; rest: string }[] = [
    { branch: root, lead: "", rest: "" },
  ];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    lines.push(next.lead + next.branch.label);
    const { children } = next.branch;
    for (let at = children.length - 1; at >= 0; at--) {
      const last = at === children.length - 1;
      todo.push({
        branch: children[at] as Branch,
        lead: `${next.rest}${last ? "└─ " : "├─ "}`,
        rest: `${next.rest}${last ? "   " : "│  "}`,
      });
    }
  }
  return lines.join("\n");
}
