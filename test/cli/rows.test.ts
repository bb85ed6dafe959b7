import { expect, test } from "vitest";
import { table, tree } from "../../src/cli/output/rows.ts";

const bold = (text: string) => text;

test("a table is one line a row, with aligned columns and no borders", () => {
  const rows = [
    { name: "a", n: 5 },
    { name: "long name", n: 12 },
  ];
  const columns = [
    { title: "NAME", cell: (row: { name: string }) => row.name },
    { title: "N", cell: (row: { n: number }) => row.n, right: true },
  ];
  expect(table(rows, columns, { headers: true, bold })).toBe(
    ["NAME        N", "a           5", "long name  12"].join("\n"),
  );
  expect(table(rows, columns, { headers: false, bold }).split("\n")).toHaveLength(2);
});

test("a cell cannot steer the terminal, nor make a second row", () => {
  const columns = [{ title: "TOPIC", cell: (topic: string) => topic }];
  const options = { headers: false, bold };
  const drawn = table(["room:\u001b]0;x\u0007\n\u202eabc é"], columns, options);
  expect(drawn).toBe("room:\\u{1b}]0;x\\u{7}\\u{a}\\u{202e}abc é");
});

test("a tree draws its lines", () => {
  const leaf = (label: string) => ({ label, children: [] });
  const drawn = tree({
    label: "root",
    children: [{ label: "a", children: [leaf("a1"), leaf("a2")] }, leaf("b")],
  });
  expect(drawn).toBe(["root", "├─ a", "│  ├─ a1", "│  └─ a2", "└─ b"].join("\n"));
});

test("a deep tree is drawn", () => {
  let deep = { label: "end", children: [] as never[] } as { label: string; children: unknown[] };
  for (let depth = 0; depth < 2_000; depth++) deep = { label: "n", children: [deep] };
  expect(tree(deep as never).split("\n")).toHaveLength(2_001);
});
