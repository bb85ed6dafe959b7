import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GUARDIAN } from "../../src/guard/index.ts";
import { provision } from "../support/index.ts";
import { OTPS } from "./target.ts";

// The evaluator finds an unbound variable only when it comes by: the compiler finds it everywhere.
test.each(["otp23", ...OTPS] as const)(
  "the guardian's text compiles without a warning on %s",
  async (set) => {
    const otp = await provision(set);
    const folder = await mkdtemp(join(tmpdir(), "beamctl-source-"));
    try {
      const head = `-module(guardian).\n-export([run/5]).\nrun(${GUARDIAN.bindings.join(", ")}) ->\n`;
      await writeFile(join(folder, "guardian.erl"), `${head}${GUARDIAN.source}.\n`);
      const { status, stdout, stderr } = spawnSync(
        otp.bin("erlc"),
        ["+warn_shadow_vars", "+warn_export_vars", "-Werror", "guardian.erl"],
        { cwd: folder, env: { ...process.env, ...otp.env }, encoding: "utf8" },
      );
      expect([status, stdout, stderr]).toEqual([0, "", ""]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);

test("the guardian's text is plain ASCII, and small", () => {
  expect(GUARDIAN.source).toMatch(/^[\n -~]*$/);
  expect(GUARDIAN.source.length).toBeLessThan(40_000);
  expect(GUARDIAN.sha256).toMatch(/^[0-9a-f]{64}$/);
});
