import { expect, test } from "vitest";
import { Lines } from "../../src/cli/output/lines.ts";

test.each<[string, readonly string[], readonly string[], string]>([
  ["a line", ["---> one\n"], ["---> one"], ""],
  ["several in one piece", ["one\n\n  two\nthr"], ["one", "  two"], "thr"],
  ["one line in pieces", ["on", "e", "\nt"], ["one"], "t"],
  ["a countdown", ["\r2 left ", "\r1 left ", "\rwaited \n"], ["waited"], ""],
  ["a countdown that goes on", ["done\n\r2 left ", "\r1 left "], ["done"], "1 left"],
  ["lines of Windows", ["one\r\ntwo\r\n"], ["one", "two"], ""],
])("%s", (_name, pieces, complete, open) => {
  const lines = new Lines();
  expect(pieces.flatMap((piece) => lines.add(piece))).toEqual(complete);
  expect(lines.open).toBe(open);
});

test("a line without an end does not grow for ever", () => {
  const lines = new Lines();
  for (let piece = 0; piece < 100; piece++) lines.add("x".repeat(1_000));
  expect(lines.open.length).toBeLessThan(20_000);
});
