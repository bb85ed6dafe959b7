/** The guide docs/testing.md: its code is type-checked, and run as it stands there in a project of its own, against nodes that it starts. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { type Guide, makeGuide, runVitest } from "../support/guide/guide.ts";
import { provision } from "../support/index.ts";

let guide: Guide;

beforeAll(async () => {
  guide = await makeGuide();
});
afterAll(() => guide?.project[Symbol.asyncDispose]());

it("has the code that is tested here", () => {
  expect(guide.files).toEqual([
    "starts.ts",
    "first.test.ts",
    "first.node.mjs",
    "shop.test.ts",
    "phoenix.test.ts", // run in guide.phoenix.test.ts
    "cluster.test.ts",
    "scripted.test.ts",
    "containers.ts",
  ]);
});

it("is TypeScript without an error", async () => {
  const { output, code } = await guide.project.typecheck();
  expect(output).toBe("");
  expect(code).toBe(0);
}, 120_000);

it("runs with vitest", async () => {
  const { env } = await provision("otp27");
  const names = ["first.test.ts", "shop.test.ts", "cluster.test.ts", "scripted.test.ts"];
  const { output, code } = await runVitest(guide, names, env);
  expect(output).toMatch(/Test Files +4 passed \(4\)/);
  expect(code).toBe(0);
}, 120_000);

it("runs with node:test", async () => {
  const { env } = await provision("otp27");
  const args = ["--test", "--test-reporter=tap", "first.node.mjs"];
  const { output, code } = await guide.project.run(process.execPath, args, env);
  expect(output).toContain("# pass 1");
  expect(code).toBe(0);
});
