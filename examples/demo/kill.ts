/** `--kill`: the controller dies while everything is suspended, and the node helps itself. */

import type { Report } from "./report.ts";

/**
 * TO BE FINISHED once the command and the guard stand: opens a scene, spawns `lib/cli/main.js release upgrade 0.2.0`, kills it
 * with SIGKILL while every channel is suspended, watches the node resume by itself, then runs `beamctl recover`.
 */
export function runKill(_sockets: number, _note: (text: string) => void): Promise<Report> {
  throw new Error("--kill is not there yet");
}
