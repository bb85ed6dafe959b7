/** Nodes and releases that are started for tests: real ones, with what they print and how they end. */

import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { evaluate } from "../../src/otp/index.ts";
import { inspect } from "../../src/term/index.ts";
import { openFixture, StartError, startBeam, startRelease } from "../../src/testing/index.ts";
import { type Otp, provision } from "../support/index.ts";
import { fakeRelease } from "./release.ts";

const of = (otp: Otp) => ({ env: { ...otp.env } });
const arguments_ = async (pid: number) =>
  (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
const stat = (pid: number) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") X gone");
/** A dead process that its parent has not asked for is gone too. */
const gone = (pid: number) => expect.poll(() => stat(pid)).toMatch(/\) [ZX] /);

describe.each(["otp23", "otp25", "otp27", "otp29"] as const)("on %s", (set) => {
  it("starts erl with a name, a port and a cookie of its own, and ends it", async () => {
    const otp = await provision(set);
    let pid: number;
    {
      await using beam = await startBeam({ command: [otp.bin("erl"), "-noinput"], ...of(otp) });
      await using fixture = await openFixture(() => beam);
      ({ pid } = beam);
      expect(fixture.node.name).toBe(beam.name);
      expect(inspect(await evaluate(fixture.node, "erlang:get_cookie()"))).toBe(`:${beam.cookie}`);
      expect(await arguments_(pid)).not.toContain(beam.cookie);
      expect(JSON.stringify(beam)).not.toContain(beam.cookie);
    }
    await gone(pid);
  });

  it("starts a release by its own script, whose cookie is not that of its arguments", async () => {
    const otp = await provision(set);
    const releasePath = await fakeRelease(otp);
    await using shop = await startRelease({ releasePath, readyWhen: "sasl", ...of(otp) });
    await using fixture = await openFixture(() => shop);
    expect(inspect(await evaluate(fixture.node, "erlang:get_cookie()"))).toBe(`:${shop.cookie}`);
    const seen = await arguments_(shop.pid);
    expect(seen).toContain("-setcookie unused");
    expect(seen).not.toContain(shop.cookie);
    expect(seen).not.toContain("the_cookie_of_production");
    await shop.stop();
    await expect(shop.exited).resolves.toEqual({ code: 0, signal: null });
  });
});

it("adds to the options of the runtime, and keeps the name and the cookie that it chose", async () => {
  const otp = await provision("otp27");
  const env = { ...otp.env, ERL_AFLAGS: "-kernel greeting hello", HOME: "/nowhere" };
  await using beam = await startBeam({ command: [otp.bin("erl"), "-noinput"], env });
  await using fixture = await openFixture(() => beam);
  expect(fixture.node.name).toBe(beam.name);
  const greeting = await evaluate(fixture.node, "application:get_env(kernel, greeting)");
  expect(inspect(greeting)).toBe("{:ok, :hello}");
});

it("starts mix and elixir as well", async () => {
  const otp = await provision("otp27");
  await using beam = await startBeam({
    command: [otp.bin("elixir"), "--no-halt", "-e", 'IO.puts("shop is open")'],
    readyWhen: /shop is open/,
    ...of(otp),
  });
  expect(beam.output()).toContain("shop is open");
  await using named = await startBeam({
    command: [otp.bin("elixir"), "--no-halt", "-e", "Agent.start(fn -> 1 end, name: :shop)"],
    node: `shop_${process.pid}@127.0.0.1`,
    readyWhen: async (node) => {
      await expect
        .poll(() => evaluate(node, "Process.whereis(:shop)"), { timeout: 10_000 })
        .toHaveProperty("id");
    },
    ...of(otp),
  });
  expect(named.name).toBe(`shop_${process.pid}@127.0.0.1`);
});

it("shows what it wrote when it cannot start", async () => {
  const otp = await provision("otp27");
  const folder = await mkdtemp(join(tmpdir(), "beamctl-start-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  vi.stubEnv("TMPDIR", folder); // where their homes are
  onTestFinished(() => void vi.unstubAllEnvs());
  const erl = otp.bin("erl");
  const boot = startBeam({ command: [erl, "-noinput", "-boot", "nowhere"], ...of(otp) });
  await expect(boot).rejects.toThrow(StartError);
  await expect(boot).rejects.toThrow(/ended with status 1[\s\S]*cannot get bootfile/);
  const late = startBeam({
    command: [erl, "-noinput", "-eval", 'io:format("still busy~n")'],
    readyWhen: "shop",
    timeout: 3_000,
    ...of(otp),
  });
  await expect(late).rejects.toThrow(
    /is not ready: shop is not up on .*it is not loaded[\s\S]*still busy/,
  );
  const silent = startBeam({
    command: ["/bin/sh", "-c", "echo hello; exec sleep 60"],
    timeout: 500,
  });
  await expect(silent).rejects.toThrow(/is not ready: [\s\S]*it wrote:\nhello/);
  const failing = startBeam({
    command: [erl, "-noinput"],
    readyWhen: () => Promise.reject(new Error("no migrations")),
    ...of(otp),
  });
  await expect(failing).rejects.toThrow(/is not ready: no migrations/);
  await expect(startBeam({ command: ["erl"], cwd: "/nowhere" })).rejects.toThrow(StartError);
  await expect(startRelease({ releasePath: "/nowhere" })).rejects.toThrow(UsageError);
  expect(readdirSync(folder)).toEqual([]);
});

it("ends with us, also when we are killed", async () => {
  const otp = await provision("otp27");
  const runner = promisify(execFile)(
    process.execPath,
    ["--import", "tsx", join(import.meta.dirname, "runners/starts.ts"), otp.bin("erl")],
    { env: { ...process.env, ...otp.env } },
  );
  const failed = await runner.catch((error: { stdout: string; signal: string }) => error);
  expect(failed).toHaveProperty("signal", "SIGKILL");
  const { pid, home } = JSON.parse(failed.stdout) as { pid: number; home: string };
  await gone(pid);
  await expect.poll(() => existsSync(home)).toBe(false);
});

it("has types", () => {
  // @ts-expect-error either the root or the command
  const both = () => startRelease({ releasePath: "/", command: ["x"] });
  // @ts-expect-error a command is at least a program
  const none = () => startBeam({ command: [] });
  expectTypeOf(startRelease).returns.resolves.toExtend<AsyncDisposable>();
  expect([both, none]).toHaveLength(2);
});
