/**
 * `npm run test:phoenix`: the tests on a live Phoenix. On the nodes that `BEAMCTL_TEST_…` name, else on the services of docker-compose.yml, which it brings
 * up and always down again. `--keep` leaves them up, `--required` fails where there is neither; the rest goes to vitest.
 */

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { bootstrap, fail, note, ROOT } from "./bootstrap.mjs";
import { Compose, findCompose } from "./phoenix-compose.mjs";

const OWN = ["--keep", "--required"];
const given = process.argv.slice(2);
const rest = given.filter((word) => !OWN.includes(word));
const stop = new AbortController();
let interrupted = 0;
for (const [name, number] of [
  ["SIGINT", 2],
  ["SIGTERM", 15],
  ["SIGHUP", 1],
]) {
  process.on(name, () => {
    interrupted ||= 128 + number;
    stop.abort(new Error(`interrupted by ${name}`));
  });
}

const named = namedNodes();
bootstrap();
if (named.length > 0) {
  note(`running on ${[...new Set(named)].join(", ")}`);
  process.exitCode = await suite({});
} else {
  const { command, missing } = findCompose();
  if (command !== undefined) await inDocker(command);
  else if (given.includes("--required")) fail(`nothing to test on: ${neither(missing)}`);
  else {
    process.exitCode = await suite({});
    note(`skipped: ${neither(missing)}`);
  }
}
process.exitCode = interrupted || process.exitCode;

function neither(missing) {
  return `BEAMCTL_TEST_NODE names no running Phoenix, and ${missing}`;
}

/** The nodes of the environment; each needs a cookie, or its tests would be skipped without a word. */
function namedNodes() {
  const { env } = process;
  return Object.keys(env).flatMap((name) => {
    const prefix = /^(BEAMCTL_TEST(_[A-Z0-9]+)?)_NODE$/.exec(name)?.[1];
    if (prefix === undefined || env[name] === "") return [];
    const file = env[`${prefix}_COOKIE_FILE`] ?? env.BEAMCTL_TEST_COOKIE_FILE;
    if (file === undefined) fail(`${name} needs BEAMCTL_TEST_COOKIE_FILE, a file with its cookie`);
    if (!existsSync(file)) fail(`the cookie's file of ${name} is not there: ${file}`);
    return [env[name]];
  });
}

async function inDocker(command) {
  const compose = new Compose(command);
  let up = false;
  try {
    await compose.up(stop.signal);
    up = true;
    const variables = compose.variables();
    process.exitCode = await suite(variables);
    if (process.exitCode !== 0 && !stop.signal.aborted) {
      compose.logs();
      note("tests failed: they are above what the services logged");
    }
    if (given.includes("--keep")) tellKept(compose, variables);
  } catch (error) {
    process.exitCode = 1;
    if (!stop.signal.aborted) compose.logs();
    note(error.message);
  }
  if (!(up && given.includes("--keep")) || stop.signal.aborted) await compose.down();
}

function tellKept(compose, variables) {
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}=${value}`);
  note("the nodes are kept; with these variables the tests run on them again. In the end:");
  note(compose.hint());
}

/** Runs the tests with these variables; their exit code. */
function suite(variables) {
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const child = spawn(process.execPath, [vitest, "run", "--project", "phoenix", ...rest], {
    cwd: ROOT,
    env: { ...process.env, ...variables },
    stdio: "inherit",
  });
  // On a terminal Ctrl-C reaches it as well; otherwise it hears of it from us.
  stop.signal.addEventListener("abort", () => child.kill("SIGTERM"), { once: true });
  if (stop.signal.aborted) child.kill("SIGTERM");
  return new Promise((resolve) => {
    child.on("error", () => resolve(1));
    child.on("close", (code) => resolve(code ?? 1));
  });
}
