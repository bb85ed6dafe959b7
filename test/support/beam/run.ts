/** Runs one program to its end and hands back what it wrote. */

import { spawn } from "node:child_process";

/** A program ended with a status other than 0. */
export class RunError extends Error {
  readonly output: string;
  constructor(command: string, status: string, output: string) {
    super(`${command} ended with ${status}:\n${output.trim().split("\n").slice(-20).join("\n")}`);
    this.name = "RunError";
    this.output = output;
  }
}

/** How to run it. */
export interface RunOptions {
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Given each line that the program writes on file descriptor 3. */
  status?: (line: string) => void;
}

/** Resolves to stdout; throws {@link RunError} with everything the program wrote. */
export function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    let stdout = "";
    let all = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      all += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      all += text;
    });
    let rest = "";
    child.stdio[3]!.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) options.status?.(line);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(stdout);
      else reject(new RunError(command, signal ?? `status ${code}`, all));
    });
  });
}
