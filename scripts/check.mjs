/** `npm run check`: everything that can be told without running the product; all of it runs, and the failures are summed up at the end. */

import { spawn } from "node:child_process";
import { join } from "node:path";
import { build, install, ROOT } from "./bootstrap.mjs";

install();

const STEPS = [
  ["types", "tsc", "-p", "tsconfig.json"],
  ["format and lint", "biome", "check", "--error-on-warnings", "."],
  ["promises", "oxlint", "--type-aware", "--deny-warnings"],
  ["order of the rooms", "node", "scripts/rooms.mjs"],
  ["file sizes", "node", "scripts/sizes.mjs"],
  ["unused code", "knip"],
  ["documentation", "typedoc", "--emit", "none"],
  ["examples", "node", "scripts/examples.mjs"],
  ["package", "publint", "--strict"],
  ["package types", "attw", "--profile", "esm-only", "--pack", "."],
];

const failed = build() ? [] : ["build"];
const waiting = [...STEPS];
// Two at a time: the compiler is by far the longest, and the others fit beside it.
await Promise.all([worker(), worker()]);
console.log(failed.length === 0 ? "all checks passed" : `failed: ${failed.join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function worker() {
  for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
    const [name, command, ...args] = step;
    const started = performance.now();
    const { code, output } = await run(command, args);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
    if (code === 0) continue;
    failed.push(name);
    console.log(output);
  }
}

function run(command, args) {
  const path = command === "node" ? process.execPath : join(ROOT, "node_modules/.bin", command);
  // `npm pack`, which two of them call, must not build again under the feet of the others.
  const env = { ...process.env, npm_config_ignore_scripts: "true" };
  return new Promise((resolve) => {
    const child = spawn(path, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", (error) => resolve({ code: 1, output: error.message }));
    child.on("close", (code) => resolve({ code, output }));
  });
}
