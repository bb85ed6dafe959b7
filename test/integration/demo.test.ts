/** `npm run demo` with few sockets: beamctl's arm loses nothing, the control loses requests and says so, a killed beamctl is recovered from. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { hasRabbit } from "../support/index.ts";

const MAIN = fileURLToPath(new URL("../../examples/demo/main.ts", import.meta.url));
const SOCKETS = 20;

describe.skipIf(!(await hasRabbit()))("the demo", () => {
  it("loses nothing with beamctl, and no request runs in two versions", async () => {
    const { code, report } = await demo("--arm", "edeliver");
    expect(report).toMatchObject({ ...LOSSLESS, http: { failed: 0, mixed: 0 }, broken: [] });
    expect(code).toBe(0);
  });

  it("loses nothing by the minimal plan, which lets requests run through the change", async () => {
    const { code, report } = await demo("--arm", "minimal");
    expect(report).toMatchObject({ ...LOSSLESS, http: { failed: 0 }, broken: [] });
    expect(report).not.toMatchObject({ http: { mixed: 0 } });
    expect(code).toBe(0);
  });

  it("ends with 1 when the release handler alone kills requests", async () => {
    const { code, report } = await demo("--arm", "bare");
    expect(report).toMatchObject({ ...LOSSLESS, arm: "bare" });
    expect(report).not.toMatchObject({ http: { failed: 0 } });
    expect(code).toBe(1);
  });

  it("survives a SIGKILL of beamctl while everything is suspended", async () => {
    const { code, report } = await demo("--kill");
    expect(report).toMatchObject({ ...LOSSLESS, http: { failed: 0 }, broken: [] });
    expect(report).toMatchObject({ killed: { suspended: SOCKETS, recoverExit: 0 } });
    expect(code).toBe(0);
  });
});

const LOSSLESS = {
  sockets: { before: SOCKETS, after: SOCKETS, same: SOCKETS },
  messages: { lost: 0, outOfOrder: 0 },
  versions: { before: "0.1.0", upgraded: "0.2.0", after: "0.1.0" },
  leftSuspended: 0,
};

async function demo(...args: string[]): Promise<{ code: number; report: unknown }> {
  const all = ["--import", "tsx", MAIN, "--sockets", String(SOCKETS), "-o", "json", ...args];
  const child = spawn(process.execPath, all, { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit") as Promise<[number]>,
  ]);
  if (stdout === "") throw new Error(`the demo ended with ${code}:\n${stderr}`);
  return { code, report: JSON.parse(stdout) };
}
