/** A test runner that dies of SIGKILL: what it held on a node must not stay there. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Runs the text as a module in a process of its own, in the project's folder; when it is done and `meanwhile` too, kills the process.
 * Resolves when it is gone.
 */
export async function killedRunner(source: string, meanwhile: () => Promise<void>): Promise<void> {
  const whole = `${source}\nprocess.stdout.write("ready\\n");\nsetInterval(() => {}, 1000);`;
  const args = ["--import", "tsx", "--input-type=module", "--eval", whole];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  try {
    await Promise.race([
      once(child.stdout, "data"),
      gone.then(() => {
        throw new Error("the runner ended by itself");
      }),
    ]);
    await meanwhile();
  } finally {
    child.kill("SIGKILL");
    await gone;
  }
}
