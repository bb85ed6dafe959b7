/** Undoing without a guardian: when it was killed, or when a journal is all that is left. */

import type { BeamNode } from "../node/index.ts";
import { Atom, atom, type Pid, type Term, Tuple } from "../term/index.ts";
import { frozenBy } from "./frozen-by.ts";
import type { Acceptor } from "./journal/records.ts";
import { suspendedAmong } from "./suspended-among.ts";

/** What is to be undone. */
export interface Held {
  readonly pids: readonly Pid[];
  /** Frozen by this guardian. */
  readonly frozen: readonly Pid[];
  readonly guard: Pid | undefined;
  /** In the order of their termination. */
  readonly acceptors: readonly Acceptor[];
  readonly timers: readonly Term[];
  /** Whether an install may be running. */
  readonly installing: boolean;
}

/** What a direct undo did, and could not do. */
export interface DirectUndo {
  readonly resumed: number;
  readonly restarted: number;
  /** Those that were frozen and run since their guardian ended: nothing was to be resumed. */
  readonly freed: number;
  readonly leftProcesses: readonly Pid[];
  readonly leftAcceptors: readonly Acceptor[];
}

const PATIENCE = 5_000;

/**
 * Resumes these processes and restarts these acceptors in the reverse order, by direct messages and calls; reads back;
 * cancels the backstop. What was frozen cannot be resumed by anyone but its guardian, and is by its end: that is looked up.
 * While an install runs it waits for the release handler's answer first.
 */
export async function undoDirectly(node: BeamNode, held: Held): Promise<DirectUndo> {
  if (held.installing) await installEnded(node);
  const pids = held.pids.filter((pid) => belongsTo(node, pid));
  const before = pids.length === 0 ? [] : await suspendedAmong(node, pids);
  // To all of them: a suspend may still wait in the queue of one that runs, and a resume does nothing to the others.
  await node.systemMessages(pids, atom("resume"), { timeout: PATIENCE });
  const suspended = before.length === 0 ? [] : await suspendedAmong(node, before);
  const frozen = await frozenBy(node, held.guard, held.frozen);
  const leftProcesses = [...suspended, ...frozen];
  const leftAcceptors: Acceptor[] = [];
  let restarted = 0;
  for (const acceptor of [...held.acceptors].reverse()) {
    const result = await restart(node, acceptor);
    if (result === "failed") leftAcceptors.unshift(acceptor);
    else if (result === "restarted") restarted += 1;
  }
  if (leftProcesses.length === 0 && leftAcceptors.length === 0) {
    await cancelTimers(node, held.timers);
  }
  const resumed = before.length - suspended.length;
  const freed = held.frozen.length - frozen.length;
  return { resumed, restarted, freed, leftProcesses, leftAcceptors };
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
): Promise<"restarted" | "running" | "gone" | "failed"> {
  const args = [supervisor, id];
  const options = { timeout: PATIENCE };
  const answer = await quietly(node.call("supervisor", "restart_child", args, options));
  const [tag, reason] = answer instanceof Tuple ? answer.items : [];
  if (tag === atom("ok")) return "restarted";
  const why = reason instanceof Atom ? reason.name : undefined;
  if (why === "running" || why === "restarting") return "running";
  if (why === "not_found") return "gone";
  // What came in the place of a supervisor that ended has started children of its own.
  const alive = await quietly(node.call("erlang", "is_process_alive", [supervisor]));
  return alive === atom("false") ? "gone" : "failed";
}

async function quietly(call: Promise<Term>): Promise<Term | undefined> {
  return call.catch(() => undefined);
}
