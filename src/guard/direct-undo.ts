/** Undoing without a guardian: when it was killed, or when a journal is all that is left. */

import type { BeamNode } from "../node/index.ts";
import { Atom, atom, type Pid, type Term, Tuple } from "../term/index.ts";
import type { Acceptor } from "./journal/records.ts";
import { suspendedAmong } from "./suspended-among.ts";

/** What is to be undone. */
export interface Held {
  readonly pids: readonly Pid[];
  readonly acceptors: readonly Acceptor[];
  readonly timers: readonly Term[];
  /** Whether an install may be running. */
  readonly installing: boolean;
}

/** What a direct undo did, and could not do. */
export interface DirectUndo {
  readonly resumed: number;
  readonly restarted: number;
  readonly leftProcesses: readonly Pid[];
  readonly leftAcceptors: readonly Acceptor[];
}

const PATIENCE = 5_000;

/**
 * Resumes these processes and restarts these acceptors by direct messages and calls, then reads back, then cancels the backstop.
 * While an install runs it waits for the release handler's answer first.
 */
export async function undoDirectly(node: BeamNode, held: Held): Promise<DirectUndo> {
  if (held.installing) await installEnded(node);
  const pids = held.pids.filter((pid) => belongsTo(node, pid));
  const before = pids.length === 0 ? [] : await suspendedAmong(node, pids);
  // To all of them: a suspend may still wait in the queue of one that runs, and a resume does nothing to the others.
  await node.systemMessages(pids, atom("resume"), { timeout: PATIENCE });
  const leftProcesses = before.length === 0 ? [] : await suspendedAmong(node, before);
  const leftAcceptors: Acceptor[] = [];
  let restarted = 0;
  for (const acceptor of held.acceptors) {
    const result = await restart(node, acceptor);
    if (result === "failed") leftAcceptors.push(acceptor);
    else if (result === "restarted") restarted += 1;
  }
  if (leftProcesses.length === 0 && leftAcceptors.length === 0) {
    await cancelTimers(node, held.timers);
  }
  return { resumed: before.length - leftProcesses.length, restarted, leftProcesses, leftAcceptors };
}

/** Whether a pid is of the node as it runs now, and not of an earlier life of it. */
export function belongsTo(node: BeamNode, pid: Pid): boolean {
  return pid.node.name === node.name && pid.creation === node.creation;
}

/** Cancels backstop timers; those that have fired are gone already. */
export async function cancelTimers(node: BeamNode, timers: readonly Term[]): Promise<void> {
  for (const timer of timers) await quietly(node.call("timer", "cancel", [timer]));
}

/** Waits for the release handler: it answers when no install runs. Without one there is no install. */
async function installEnded(node: BeamNode): Promise<void> {
  await quietly(node.call("release_handler", "which_releases", [], { timeout: 0 }));
}

async function restart(
  node: BeamNode,
  { supervisor, id }: Acceptor,
): Promise<"restarted" | "running" | "failed"> {
  const args = [supervisor, id];
  const options = { timeout: PATIENCE };
  const answer = await quietly(node.call("supervisor", "restart_child", args, options));
  const [tag, reason] = answer instanceof Tuple ? answer.items : [];
  if (tag === atom("ok")) return "restarted";
  const fine =
    reason instanceof Atom && (reason.name === "running" || reason.name === "restarting");
  return fine ? "running" : "failed";
}

async function quietly(call: Promise<Term>): Promise<Term | undefined> {
  return call.catch(() => undefined);
}
