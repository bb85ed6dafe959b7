/** Waiting until an application has nothing left to do. */

import { nodeOf, type Target } from "../target.ts";
import type { WaitForOptions } from "../wait/wait.ts";
import { probeIdle, type Whose } from "./probe-idle.ts";

/** Whose processes are looked at, and for how long. */
export type SettledOptions = Whose & WaitForOptions;

/**
 * Waits until all processes of an application (those it started, by group leader), or these ones, are idle with empty mailboxes, at two looks in a row; resolves to
 * how many they are. A process is idle when it waits in its loop: not in a callback, nor for the answer of another; what waits deep inside
 * calls that the node does not tell in full counts as busy. Timers, ports and other nodes
 * may still bring it work: what is on its way there is not seen. Looks are made on the node after 1, 2, 4, then every 50 ms, each some 5 microseconds a
 * process: of thousands of processes on a busy node wait for the few that matter.
 * @example
 * import { settled } from "beamctl/testing";
 *
 * await settled(node, { application: "shop" });
 * await settled(node, { processes: ["Shop.Cart", "Shop.Left"], timeout: 1_000 });
 * @throws WaitError when they are still busy after `timeout` (default 5000 ms); it names those that are, and where they are
 * @throws NoProcessError when one of the processes is not there; UsageError when the application does not run
 * @throws AbortedError NodeDownError
 */
export function settled(target: Target, options: SettledOptions): Promise<number> {
  return probeIdle(nodeOf(target), options, options);
}
