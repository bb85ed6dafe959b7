/** SuspendChannels: the processes behind the websockets stop, their messages wait, their clients notice nothing. */

import { type Guardian, pidKey } from "../guard/index.ts";
import { appendAfterPointOfNoReturn } from "../relup/index.ts";
import type { Atom, Pid } from "../term/index.ts";
import {
  detectSockets,
  type NotDetected,
  type Sockets,
  SocketsSeen,
  type Stop,
} from "../topology/index.ts";
import { applicationArgument } from "./application-argument.ts";
import { type BulkResult, bulkSuspend } from "./bulk.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { CheckRanchConnections } from "./check-ranch-connections.ts";
import type { SuspendTarget } from "./config.ts";
import { defineInstruction } from "./define.ts";
import { guarded } from "./guarded.ts";
import type { HeldSocket, InstructionContext, RunnableInstruction } from "./instruction.ts";

const NAME = "SuspendChannels";

/** A socket that is still running can join new channels, so the list is read again until it brings nothing new. */
const ROUNDS = 5;

/** After so many seconds Phoenix's clients give up a push. */
const BUDGET = 10;

/**
 * Suspends the channel processes (or the transports, or both) through the guardian; transports that take no system messages, as Cowboy 1's, are
 * frozen. Processes that refuse are a warning: they
 * run on, as they would in a bare upgrade. Clients' heartbeats are answered by the transports, so hold channels rather
 * than transports, and for less than the 10 s after which a client gives up a push; a transport for less than 30 s.
 */
export const SuspendChannels: RunnableInstruction<Atom> = defineInstruction({
  name: NAME,
  insertWhere: appendAfterPointOfNoReturn,
  dependencies: [CheckRanchAcceptors, CheckRanchConnections],
  arguments: applicationArgument,

  async run(context) {
    const { config, facts, log } = context;
    const guardian = guarded(NAME, context);
    // What an earlier instruction of this run holds stands already.
    const before = facts.suspended;
    const asked = new Set((context.guardian?.held ?? []).map(String));
    const already = asked.size;
    const suspended: Pid[] = [];
    let failed = 0;
    let all = false;
    for (let round = 0; round < ROUNDS; round++) {
      const found = await targets(context, config.suspend, facts.seen);
      if ("notDetected" in found) {
        log("warning", `no channel can be seen, and none is suspended: ${found.notDetected}`);
        return;
      }
      const fresh = found.filter(({ pid }) => !asked.has(String(pid)));
      all = fresh.length === 0;
      if (all) break;
      for (const { pid } of fresh) asked.add(String(pid));
      facts.suspendedAt ??= Date.now();
      const { stopped, result, unsafe } = await stopTargets(guardian, fresh, config.suspendTimeout);
      suspended.push(...stopped);
      facts.suspended = [...before, ...suspended];
      facts.seen.stand(stopped);
      const held = new Set(stopped.map(pidKey));
      facts.sockets = [...facts.sockets, ...fresh.filter(({ pid }) => held.has(pidKey(pid)))];
      failed += fresh.length - stopped.length;
      if (result === "not_supported") {
        log("warning", "none of them answers system messages");
      }
      if (unsafe > 0) log("warning", `there is no safe way to stop ${unsafe} processes`);
    }
    if (!all) log("warning", "new ones appear all the time: some run on");
    const count = asked.size - already;
    if (failed > 0) log("warning", `${failed} of ${count} processes could not be suspended`);
    const text = `suspended ${suspended.length} of ${count} ${nameOf(config.suspend)}`;
    log("info", suspended.length === 0 ? text : `${text}; clients bear it for ${BUDGET} s`);
  },
});

/** A process to stop, and how. */
export interface Target extends HeldSocket {
  readonly stop: Stop;
}

/**
 * Suspends or freezes these, each in its own way; `result` is about those that take system messages.
 * @example
 * import { Guardian } from "beamctl";
 * import { stopTargets, targets } from "beamctl/instructions";
 *
 * await using guardian = await Guardian.arm(node);
 * const found = await targets({ node }, "channels");
 * if (!("notDetected" in found)) console.log((await stopTargets(guardian, found, 1_000)).stopped);
 */
export async function stopTargets(
  guardian: Pick<Guardian, "suspend" | "freeze">,
  wanted: readonly Pick<Target, "pid" | "stop">[],
  timeout: number,
): Promise<{ stopped: readonly Pid[]; result: BulkResult; unsafe: number }> {
  const by = (stop: Stop) => wanted.flatMap((one) => (one.stop === stop ? [one.pid] : []));
  const cold = by("freeze");
  const { result, suspended } = await bulkSuspend(guardian, by("suspend"), timeout);
  const { frozen } = cold.length === 0 ? { frozen: [] } : await guardian.freeze(cold, { timeout });
  return { stopped: [...suspended, ...frozen], result, unsafe: by("none").length };
}

/**
 * The processes of this kind that run now, or why there is no way to tell on this node. Wakes none of them. A session of long polling is never
 * among them: Phoenix gives its client up (410) when it does not answer within 2 s. The channels behind it stand for it.
 * @example
 * import { targets } from "beamctl/instructions";
 *
 * const found = await targets({ node }, "both");
 * if (!("notDetected" in found)) for (const { pid, stop } of found) console.log(`${pid}`, stop);
 */
export async function targets(
  { node }: Pick<InstructionContext, "node">,
  target: SuspendTarget,
  seen: SocketsSeen = new SocketsSeen(),
): Promise<readonly Target[] | NotDetected> {
  const found = await detectSockets(node, { topics: false, seen });
  return "notDetected" in found ? found : chosen(found, target);
}

function chosen({ connections, channels }: Sockets, target: SuspendTarget): Target[] {
  const sessions = connections.filter(({ kind }) => kind === "longpoll");
  const polled = new Set(sessions.map(({ pid }) => String(pid)));
  const wanted = channels.filter(
    ({ transport }) => target !== "transports" || polled.has(String(transport)),
  );
  const websockets = connections.filter(({ kind }) => kind === "websocket");
  return [
    ...wanted.map(({ pid, transport }): Target => {
      return { pid, stop: "suspend", group: "channels", transport };
    }),
    ...(target === "channels" ? [] : websockets).map(({ pid, stop }): Target => {
      return { pid, stop, group: "transports", transport: pid };
    }),
  ];
}

function nameOf(target: SuspendTarget): string {
  return target === "both" ? "channels and transports" : target;
}
