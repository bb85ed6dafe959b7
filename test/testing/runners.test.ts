/** Test files of users, really run by their runners against a real node; and one whose runner is killed. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BeamNode, connect } from "../../src/node/index.ts";
import { evaluate } from "../../src/otp/index.ts";
import { inspect } from "../../src/term/index.ts";
import { type BeamProcess, provision, startErl } from "../support/index.ts";
import { startServers } from "./server.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const file = (name: string) => `test/testing/runners/${name}.ts`;

let erl: BeamProcess;
let node: BeamNode;

beforeAll(async () => {
  erl = await startErl({ otp: await provision("otp27") });
  node = await connect(erl.name, { cookie: erl.cookie, address: `127.0.0.1:${erl.port}` });
});
afterAll(async () => {
  await node?.close();
  await erl?.[Symbol.asyncDispose]();
});

const on = async (source: string) => inspect(await evaluate(node, source, { language: "erlang" }));

function start(args: readonly string[], env: Record<string, string> = {}) {
  const { VITEST: _, NODE_TEST_CONTEXT: __, ...ours } = process.env;
  return spawn(process.execPath, args, {
    cwd: ROOT,
    env: {
      ...ours,
      BEAMCTL_TEST_NODE: erl.name,
      BEAMCTL_TEST_COOKIE: erl.cookie,
      BEAMCTL_TEST_ADDRESS: `127.0.0.1:${erl.port}`,
      NO_COLOR: "1",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function run(args: readonly string[], env?: Record<string, string>) {
  const child = start(args, env);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const [code] = (await once(child, "close")) as [number];
  return { code, output };
}

const VITEST = [
  "node_modules/vitest/vitest.mjs",
  "run",
  "--config",
  "test/testing/runners/config.ts",
];
const RUNNERS = {
  "node:test": ["--import", "tsx", "--test", "--test-reporter", "tap", file("node-test")],
  vitest: [...VITEST, file("vitest")],
  "vitest with globals": [...VITEST, "--globals", file("globals")],
} as const;

describe.each(Object.entries(RUNNERS))("%s", (name, args) => {
  it("runs a file that is connected once and cleaned after each test", async () => {
    const { code, output } = await run(args);
    expect(output).toMatch(/(# pass 3|Tests {2}2 passed)/);
    expect(code).toBe(0);
    expect(await on("application:get_env(kernel, greeting)")).toBe(":undefined");
  });

  it.runIf(name !== "vitest with globals")("fails a test that could not be cleaned", async () => {
    const { code, output } = await run(args, { SHOP_FAILS: "1" });
    expect(code).toBe(1);
    expect(output).toContain("one thing of the test could not be given back:");
    expect(output).toContain("- stuck for ever");
    expect(output).toMatch(/(# fail 1|1 failed)/);
  });

  it.runIf(name === "node:test")("says what is wrong with the node", async () => {
    const { code, output } = await run(args, { BEAMCTL_TEST_NODE: "" });
    expect(code).toBe(1);
    expect(output).toContain("no node is named to test against");
  });
});

it("leaves nothing on the node when the runner is killed", async () => {
  await startServers(node, "shop_cart", "shop_stock");
  await on("application:set_env(kernel, greeting, before)");
  const look = () =>
    on(
      "{application:get_env(kernel, greeting), maps:get(level, logger:get_primary_config()), erlang:system_info(fullsweep_after), process_info(whereis(shop_stock), priority), length(maps:get(filters, logger:get_primary_config())), element(2, process_info(whereis(shop_cart), current_function)), whereis(beamctl_changes)}",
    );
  const before = await look();
  const child = start(["--import", "tsx", file("killed")]);
  const gone = once(child, "exit");
  let output = "";
  for await (const text of child.stdout.setEncoding("utf8")) {
    output += String(text);
    if (output.includes("held\n")) break;
  }
  const held = await look();
  expect(held).toMatch(
    /^\{\{:ok, "hi"\}, :emergency, \{:fullsweep_after, 7\}, \{:priority, :low\}, 1, \{:sys, :suspend_loop, \d\}, #PID<.*>\}$/,
  );
  child.kill("SIGKILL");
  expect(await gone).toEqual([null, "SIGKILL"]);
  await expect.poll(look, { timeout: 10_000 }).toBe(before);
});
