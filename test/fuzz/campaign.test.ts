import { expect, it } from "vitest";
import { campaign } from "./campaign.ts";

it.each([1, 2, 3])("a short campaign with the seed %d finds nothing uncaught", (seed) => {
  const { defects, uncaught, frames } = campaign(seed, (round) => round >= 3_000);
  expect(defects).toEqual([]);
  expect(uncaught).toBe(0);
  expect(frames).toBeGreaterThan(15_000);
});
