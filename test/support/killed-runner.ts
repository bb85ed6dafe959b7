/** A test runner that dies of SIGKILL: what it held on a node must not stay there. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Runs the text as a module in a process of its own, in the project's folder; when it is done and `meanwhile` too, which is given what it
 * wrote and its process id, kills the process. Resolves when that is gone.
 */
export async function killedRunner(
  source: string,
  meanwhile: (output: string, pid: number) => Promise<void>,
): Promise<void> {
  const whole = `${source}\nprocess.stdout.write("ready\\n");\nsetInterval(() => {}, 1000);`;
  const args = ["--import", "tsx", "--input-type=module", "--eval", whole];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  try {
    let output = "";
    for await (const chunk of child.stdout) {
      output += String(chunk);
      if (output.endsWith("ready\n")) break;
    }
    if (!output.endsWith("ready\n")) throw new Error(`the runner ended by itself: ${output}`);
    await meanwhile(output, child.pid as number);
  } finally {
    child.kill("SIGKILL");
    await gone;
  }
}
