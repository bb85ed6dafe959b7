/** OTP's `logger`: lines in the node's own log, so that its operators see what happened. */

import { atom, binary, charlist } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";

/** The levels that the node's log is written at. */
export type NodeLogLevel = "debug" | "info" | "notice" | "warning" | "error";

/** All levels of `logger`, the least first. */
export type LogLevel = NodeLogLevel | "critical" | "alert" | "emergency";

/** The primary level: events below it are dropped. Read-only. */
export async function logLevel(remote: Remote, options?: CallOptions): Promise<string> {
  const answer = new Answer(remote, "logger:get_primary_config/0");
  const config = await remote.call("logger", "get_primary_config", [], options);
  return answer.atom(answer.map(config).get(atom("level")));
}

/** Writes one line into the node's log. It changes nothing else; an observer may not. */
export async function log(
  remote: Remote,
  level: NodeLogLevel,
  line: string,
  options?: CallOptions,
): Promise<void> {
  // Format and argument, never the line as a format: a line may hold a tilde.
  const args = [atom(level), charlist("~ts"), [binary(line)]];
  await remote.call("logger", "log", args, options);
}
