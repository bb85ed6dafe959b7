import { expect, test } from "vitest";
import { milliseconds } from "../../src/cli/duration.ts";
import { UsageError } from "../../src/errors.ts";

test.each([
  ["500ms", 500],
  ["5s", 5000],
  ["5", 5000],
  ["1.5", 1500],
  ["2m", 120_000],
  ["1h", 3_600_000],
  ["0", 0],
])("%s is %d ms", (text, expected) => {
  expect(milliseconds(text)).toBe(expected);
});

test.each(["", "soon", "5x", "-1s", "1s 2s"])(
  "%j is refused with the forms that are right",
  (text) => {
    expect(() => milliseconds(text)).toThrow(UsageError);
  },
);
