import { describe, expect, it } from "vitest";
import { hasRabbit, provision } from "../support/index.ts";
import { upgrades } from "./upgrades.ts";

const HAVE = await hasRabbit(); // the shop's Cowboy comes with it

describe.runIf(HAVE)("upgrades and downgrades in a row", () => {
  it("lose nothing, and leave nothing behind on either side", async () => {
    const told: string[] = [];
    const figures = await upgrades({
      otp: await provision("otp25"),
      ...{ clients: 60, rounds: 8, seed: 20261121, period: 500 },
      say: (text) => told.push(text),
    });
    expect(figures, told.join("\n")).toMatchObject({ failed: [], sameSockets: 60, rounds: 8 });
  }, 180_000);
});
