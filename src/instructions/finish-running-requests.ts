/** FinishRunningRequests: the HTTP requests that are running get a while to end. */

import { setTimeout as delay } from "node:timers/promises";
import type { BeamNode } from "../node/index.ts";
import type { Pid } from "../term/index.ts";
import { connections } from "../topology/index.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { CheckRanchConnections } from "./check-ranch-connections.ts";
import { appendAfterPointOfNoReturn } from "./insert.ts";
import type { Instruction } from "./instruction.ts";

/**
 * Waits until the running requests have ended, or `timeout` milliseconds have gone by: the rest run on, through the upgrade.
 * It returns as soon as all have ended (edeliver's always waits the whole time), and counts requests, not idle keep-alive
 * connections. The argument is edeliver's `{App, 500}`.
 */
export const FinishRunningRequests: Instruction<{ application: string; timeout: number }> = {
  name: "FinishRunningRequests",
  insertWhere: appendAfterPointOfNoReturn,
  dependencies: [CheckRanchAcceptors, CheckRanchConnections],
  arguments: (_instructions, { application, drainTimeout }) => ({
    application,
    timeout: drainTimeout,
  }),

  async run({ node, log, signal }, { timeout }) {
    const until = performance.now() + timeout;
    const seen = new Set<string>();
    let left = await running(node);
    for (const pid of left) seen.add(String(pid));
    // A connection that was accepted just before the hold may begin its request only now, so the list is read again.
    while (left.length > 0 && performance.now() < until && signal?.aborted !== true) {
      await ended(node, left, until - performance.now(), signal);
      left = await running(node);
      for (const pid of left) seen.add(String(pid));
    }
    if (seen.size === 0) {
      log("info", "no requests are running");
      return;
    }
    const rest = left.length > 0 ? `; ${left.length} run on through the upgrade` : "";
    log("info", `${seen.size - left.length} of ${seen.size} running requests finished${rest}`);
  },
};

async function running(node: BeamNode): Promise<readonly Pid[]> {
  const found = await connections(node, undefined, { topics: false });
  return found.connections.flatMap(({ requests }) => requests);
}

/** Until all of these have ended, the time (ms) is up, or the user wants to stop. */
async function ended(
  node: BeamNode,
  pids: readonly Pid[],
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const monitors = pids.map((pid) => node.monitor(pid));
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
  const late = delay(timeout, undefined, { signal: stopped }).catch(() => undefined);
  try {
    await Promise.race([Promise.allSettled(monitors.map(({ down }) => down)), late]);
  } finally {
    stop.abort();
    for (const monitor of monitors) monitor.cancel();
  }
}
