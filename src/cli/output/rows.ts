/** Rows and trees for people: what cannot be shown in a cell is shortened, never wrapped. */

import Table from "cli-table3";
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
  const drawn = new Table({
    chars: Object.fromEntries(
      [
        ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left"],
        ...["bottom-right", "left", "left-mid", "mid", "mid-mid", "right", "right-mid"],
      ]
        .map((name) => [name, ""])
        .concat([["middle", "  "]]),
    ),
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns: columns.map(({ right }) => (right === true ? "right" : "left")),
    head: options.headers ? columns.map(({ title }) => options.bold(title)) : [],
  });
  drawn.push(...rows.map((row) => columns.map(({ cell }) => plain(String(cell(row))))));
  return drawn
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
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
