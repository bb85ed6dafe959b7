/** FinishRunningRequests: the HTTP requests that are running get a while to end. */

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
  dependencies: [CheckRanchAcceptors as Instruction, CheckRanchConnections as Instruction],
  arguments: (_instructions, { application, drainTimeout }) => ({
    application,
    timeout: drainTimeout,
  }),

  async run({ node, log }, { timeout }) {
    const open = await connections(node);
    const requests = open.connections.flatMap((connection) => connection.requests);
    if (requests.length === 0) {
      log("info", "no requests are running");
      return;
    }
    const monitors = requests.map((pid) => node.monitor(pid));
    let ended = 0;
    const all = Promise.allSettled(monitors.map(({ down }) => down.then(() => ended++)));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, timeout);
    });
    try {
      await Promise.race([all, late]);
    } finally {
      clearTimeout(timer);
      for (const monitor of monitors) monitor.cancel();
    }
    const left = requests.length - ended;
    const rest = left > 0 ? `; ${left} run on through the upgrade` : "";
    log("info", `${ended} of ${requests.length} running requests finished${rest}`);
  },
};
