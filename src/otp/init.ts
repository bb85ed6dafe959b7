/** OTP's `init`: whether the node is starting, running or stopping. */

import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";

/** `get_status/0`: `starting`, `started` or `stopping`. Read-only. A node that restarts after a failed upgrade says `stopping`. */
export async function initStatus(
  remote: Remote,
  options?: CallOptions,
): Promise<"starting" | "started" | "stopping"> {
  const answer = new Answer(remote, "init:get_status/0");
  const [internal] = answer.tuple(await remote.call("init", "get_status", [], options), 2);
  return answer.atom(internal) as "starting" | "started" | "stopping";
}
