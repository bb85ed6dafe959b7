/** SuspendChannels: the processes behind the websockets stop, their messages wait, their clients notice nothing. */

import type { Pid } from "../term/index.ts";
import { channels, connections } from "../topology/index.ts";
import { bulkSuspend } from "./bulk.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { CheckRanchConnections } from "./check-ranch-connections.ts";
import { guarded } from "./guarded.ts";
import { appendAfterPointOfNoReturn } from "./insert.ts";
import type { Instruction, InstructionContext, SuspendTarget } from "./instruction.ts";

const NAME = "SuspendChannels";

/** A socket that is still running can join new channels, so the list is read again until it brings nothing new. */
const ROUNDS = 5;

/**
 * Suspends the channel processes (or the transports, or both) through the guardian. Processes that refuse are a warning: they
 * run on, as they would in a bare upgrade. Clients' heartbeats are answered by the transports, so hold channels rather
 * than transports, and for less than the 10 s after which a client gives up a push.
 */
export const SuspendChannels: Instruction<string> = {
  name: NAME,
  insertWhere: appendAfterPointOfNoReturn,
  dependencies: [CheckRanchAcceptors, CheckRanchConnections],
  arguments: (_instructions, { application }) => application,

  async run(context) {
    const { config, facts, log } = context;
    const guardian = guarded(NAME, context);
    const asked = new Set<string>();
    const suspended: Pid[] = [];
    let failed = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const found = await targets(context, config.suspend);
      if (found === "not_detected") {
        log("warning", "channel processes cannot be detected: none is suspended");
        break;
      }
      const fresh = found.filter((pid) => !asked.has(String(pid)));
      if (fresh.length === 0) break;
      for (const pid of fresh) asked.add(String(pid));
      facts.suspendedAt ??= Date.now();
      const { result, suspended: held } = await bulkSuspend(guardian, fresh, config.suspendTimeout);
      suspended.push(...held);
      facts.suspended = suspended;
      if (result === "not_supported") {
        log("warning", `${fresh.length} processes do not answer system messages: not suspended`);
      } else if (result !== "ok") {
        failed += result.errors;
      }
    }
    if (failed > 0) log("warning", `${failed} of ${asked.size} processes could not be suspended`);
    log("info", `suspended ${suspended.length} of ${asked.size} ${nameOf(config.suspend)}`);
  },
};

/** The processes of this kind that run now, or `not_detected` when there is no way to tell on this node. */
export async function targets(
  { node }: Pick<InstructionContext, "node">,
  target: SuspendTarget,
): Promise<readonly Pid[] | "not_detected"> {
  const found: Pid[] = [];
  if (target !== "transports") {
    const joined = await channels(node);
    if (joined === "not_detected") return "not_detected";
    found.push(...joined.map(({ pid }) => pid));
  }
  if (target !== "channels") {
    const open = await connections(node);
    found.push(
      ...open.connections.filter(({ kind }) => kind === "websocket").map(({ pid }) => pid),
    );
  }
  return found;
}

function nameOf(target: SuspendTarget): string {
  return target === "both" ? "channels and transports" : target;
}
