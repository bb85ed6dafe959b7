/** Talking to the guardian that a node has, whoever armed it. */

import type { BeamNode } from "../node/index.ts";
import { atom, Pid, type Term } from "../term/index.ts";
import { type Answer, GuardChannel, readAnswer } from "./channel.ts";
import { GuardHeldError } from "./errors.ts";
import { GUARD_NAME } from "./guardian-source.ts";
import { type GuardStatus, readStatus } from "./status.ts";

const PATIENCE = 5_000;

/**
 * What the guardian on the node tells; `undefined` when there is none. Changes nothing.
 * @throws GuardHeldError when a process has the guardian's name and does not answer
 */
export async function guardStatus(node: BeamNode): Promise<GuardStatus | undefined> {
  const answer = await ask(node, 0, atom("status"), PATIENCE);
  return answer?.ok ? readStatus(answer.items[0]) : undefined;
}

/** Ends a tombstone with nothing left. */
export async function bury(node: BeamNode): Promise<void> {
  await ask(node, 0, atom("bury"), PATIENCE);
}

/** Makes a guardian undo whose controller may be alive; its controller is refused from now on. */
export async function takeOver(
  node: BeamNode,
  status: GuardStatus,
  timeout: number,
): Promise<GuardStatus | undefined> {
  const answer = await ask(node, status.epoch + 1, atom("take"), timeout);
  return answer?.ok ? readStatus(answer.items[0]) : undefined;
}

async function ask(
  node: BeamNode,
  epoch: number,
  what: Term,
  timeout: number,
): Promise<Answer | undefined> {
  const guard = await node.call("erlang", "whereis", [atom(GUARD_NAME)]);
  if (!(guard instanceof Pid)) return undefined;
  const channel = new GuardChannel(node);
  const monitor = node.monitor(guard);
  try {
    const gone = monitor.down.then(() => undefined);
    const answer = await Promise.race([channel.request(guard, epoch, what, timeout), gone]);
    return answer === undefined ? undefined : readAnswer(answer);
  } catch (error) {
    throw new GuardHeldError(undefined, { node: node.name, cause: error });
  } finally {
    monitor.cancel();
    channel.end(new GuardHeldError(undefined, { node: node.name }));
  }
}
