/** The nodes that all integration tests stand on: each OTP starts, answers, says what it is, and leaves nothing behind. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectAsync } from "mqtt";
import { describe, expect, it } from "vitest";
import WebSocket from "ws";
import {
  answers,
  hasRabbit,
  type OtpSet,
  provision,
  startEpmd,
  startErl,
  startRabbit,
} from "../support/index.ts";

const SETS: readonly OtpSet[] = ["otp25", "otp27", "otp29"];

describe.concurrent.each(SETS)("%s", (set) => {
  it("starts without EPMD, answers on its port and reports its release", async () => {
    const otp = await provision(set);
    await using node = await startErl({
      otp,
      eval: 'io:format("release ~s ~s~n", [erlang:system_info(otp_release), node()])',
    });
    expect(node.output()).toContain(`release ${otp.release} ${node.name}`);
    expect(await answers(node.port)).toBe(true);
    expect(node.port).toBeLessThan(32768);
  });

  it("has Elixir, crypto and TLS", async () => {
    const otp = await provision(set);
    await using node = await startErl({
      otp,
      elixir:
        '{:ok, _} = Application.ensure_all_started(:ssl); IO.puts("elixir #{System.otp_release()}")',
    });
    expect(node.output()).toContain(`elixir ${otp.release}`);
  });

  it("registers with an EPMD of its own", async () => {
    const otp = await provision(set);
    await using epmd = await startEpmd(otp);
    await using node = await startErl({ otp, epmd });
    const names = await run(otp.bin("epmd"), ["-port", String(epmd.port), "-names"]);
    expect(names).toContain(`name ${node.name.split("@")[0]} at port ${node.port}`);
  });
});

describe("a started node", () => {
  it("takes its cookie from a file that only its user reads, never from its arguments", async () => {
    await using node = await startErl({
      otp: await provision("otp25"),
      cookie: "a_cookie_for_this_test",
    });
    expect(statSync(join(node.home, ".erlang.cookie")).mode & 0o777).toBe(0o400);
    if (process.platform === "linux") {
      expect(readFileSync(`/proc/${node.pid}/cmdline`, "utf8")).not.toContain(node.cookie);
    }
  });

  it("says why when it cannot start", async () => {
    const otp = await provision("otp25");
    await expect(startErl({ otp, eval: "error(this_is_why)" })).rejects.toThrow(/this_is_why/);
  });

  it("shuts down when asked, and its folder and port are free again", async () => {
    const node = await startErl({ otp: await provision("otp25") });
    await node.stop();
    expect(await node.exited).toEqual({ code: 0, signal: null });
    expect(await answers(node.port)).toBe(false);
    expect(existsSync(node.home)).toBe(false);
  });
});

describe.skipIf(!(await hasRabbit()))("RabbitMQ", () => {
  it("serves STOMP and MQTT over websockets", async () => {
    await using rabbit = await startRabbit({ otp: await provision("otp25") });
    const socket = new WebSocket(`ws://127.0.0.1:${rabbit.stomp}/ws`, ["v12.stomp"]);
    await once(socket, "open");
    socket.send("CONNECT\naccept-version:1.2\nlogin:guest\npasscode:guest\n\n\0");
    const [frame] = (await once(socket, "message")) as [Buffer];
    expect(frame.toString()).toMatch(/^CONNECTED/);
    socket.terminate();
    const client = await connectAsync(`ws://127.0.0.1:${rabbit.mqtt}/ws`, {
      username: "guest",
      password: "guest",
      protocolVersion: 4,
    });
    await client.endAsync();
    expect(await answers(rabbit.port)).toBe(true);
  });
});

describe("when whoever started a node dies", () => {
  const script = fileURLToPath(new URL("../support/launch/starter.ts", import.meta.url));
  const options = { execArgv: ["--import", "tsx"], stdio: ["ignore", "inherit", "inherit", "ipc"] };
  const fork = `require("node:child_process").fork(${JSON.stringify(script)}, ${JSON.stringify(options)})`;

  it.each([
    ["by SIGKILL", "SIGKILL", ["--import", "tsx", script]],
    ["by SIGTERM", "SIGTERM", ["--import", "tsx", script]],
    ["by SIGINT", "SIGINT", ["--import", "tsx", script]],
    ["as the worker of a test run that is killed", "SIGKILL", ["-e", fork]],
  ] as const)("%s, the node and its folder are gone", async (_, signal, args) => {
    const starter = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(starter.stdout.setEncoding("utf8"), "data")) as [string];
    const { node, epmd, home } = JSON.parse(line) as { node: number; epmd: number; home: string };
    expect([isAlive(node), isAlive(epmd), existsSync(home)]).toEqual([true, true, true]);
    const ended = once(starter, "exit");
    starter.kill(signal);
    await ended;
    await until(() => !isAlive(node) && !isAlive(epmd) && !existsSync(home));
  });
});

/** Whether the process runs; a dead one that its parent has not asked for does not. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "utf8") : "";
  return !/\) [ZX] /.test(stat);
}

/** Waits for `condition`; the timeout of the test is the limit. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(20);
}

async function run(command: string, args: string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) output += String(chunk);
  return output;
}
