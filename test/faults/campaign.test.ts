import { describe, expect, test } from "vitest";
import type { OtpSet } from "../support/index.ts";
import { PARTS } from "./parts.ts";

const SEED = Number(process.env["FAULT_SEED"] ?? 20261121);
const OTPS: readonly OtpSet[] = ["otp23", "otp25", "otp27", "otp29"];

/** The short campaign of `npm run faults -- --short`, part by part. */
describe("the fault campaign", () => {
  test.each(PARTS)(
    "$name: $what",
    async (part) => {
      const notes: string[] = [];
      const note = (text: string) => void notes.push(text);
      const figures = await part.run({ seed: SEED, short: true, otps: OTPS, note });
      const { failures, failed, leftSuspended, runs } = figures;
      console.log(JSON.stringify(figures));
      expect(failures).toEqual([]);
      expect(failed).toBe(0);
      expect(runs + figures.skipped.length).toBeGreaterThan(0);
      // Without a guardian the same kills must leave something, else the zeros show nothing.
      if (part.name === "control") expect(leftSuspended).toBeGreaterThan(0);
      else expect(leftSuspended).toBe(0);
    },
    300_000,
  );
});
