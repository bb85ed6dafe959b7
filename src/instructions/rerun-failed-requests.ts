/** RerunFailedRequests: the requests that were told of the upgrade are told of its end. */

import { append } from "../relup/index.ts";
import { type Atom, atom } from "../term/index.ts";
import { applicationArgument } from "./application-argument.ts";
import { notifyRunningRequests } from "./bulk.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { CheckRanchConnections } from "./check-ranch-connections.ts";
import { defineInstruction } from "./define.ts";
import { FinishRunningRequests } from "./finish-running-requests.ts";
import type { RunnableInstruction } from "./instruction.ts";

/**
 * Sends `upgrade_finished` to the requests that were told `upgrade_started`, and to nobody else. Only with `notifyRequests`; it reruns
 * nothing by itself, and no published Phoenix understands the message.
 */
export const RerunFailedRequests: RunnableInstruction<Atom> = defineInstruction({
  name: "RerunFailedRequests",
  insertWhere: append,
  dependencies: [CheckRanchAcceptors, CheckRanchConnections, FinishRunningRequests],
  arguments: applicationArgument,

  async run({ node, config, facts, log }) {
    if (!config.notifyRequests || facts.notified.length === 0) return;
    notifyRunningRequests(node, facts.notified, atom("upgrade_finished"));
    log("info", `told ${facts.notified.length} requests that the upgrade has finished`);
  },
});
