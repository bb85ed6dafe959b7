/** After a controller vanished: what happened on the node, and the rest of the undo. */

import { setTimeout as pause } from "node:timers/promises";
import { TimeoutError } from "../errors.ts";
import type { BeamNode } from "../node/index.ts";
import type { Pid } from "../term/index.ts";
import { bury, guardStatus, takeOver } from "./ask-node.ts";
import { cancelTimers, undoDirectly } from "./direct-undo.ts";
import { GuardHeldError } from "./errors.ts";
import { type RecoveredFile, recoverFiles } from "./file-changes.ts";
import type { Journal } from "./journal/journal.ts";
import type { JournalOperation } from "./journal/records.ts";
import type { GuardStatus } from "./status.ts";
import { suspendedAmong } from "./suspended-among.ts";

/** How to recover. */
export interface RecoverOptions {
  /** Take over from a controller that may be alive: ask the user first, showing what GuardHeldError tells. Default `false`. */
  readonly force?: boolean;
  /** The longest to wait for an install to end and for the guardian to undo, in milliseconds. Default 600000. */
  readonly timeout?: number;
  /** Hears once that it has to wait: for an install that still runs (`install`), or for the guardian's undo. */
  readonly onWait?: (what: "install" | "undo") => void;
}

/** One operation that had not ended. */
export interface RecoveredOperation {
  readonly operation: string;
  readonly purpose: string;
  readonly holder: string;
  readonly host: string;
  /** Epoch milliseconds of its begin. */
  readonly at: number;
  /** The node was restarted since: nothing of it can be left, and its pids were not touched. */
  readonly restarted: boolean;
  /** What the guardian on the node had undone by itself, if it was there to tell. */
  readonly undoneByGuard:
    | {
        readonly why: string;
        readonly at: number | undefined;
        readonly resumed: number;
        readonly restarted: number;
      }
    | undefined;
  /** What this recovery undid. */
  readonly undoneNow: { readonly resumed: number; readonly restarted: number };
  /** Processes that were frozen and ran again when the guardian ended: nothing was to be resumed. */
  readonly freed: number;
  /** The files that it changed on the node, or was about to, and what of that has happened. */
  readonly files: readonly RecoveredFile[];
  /** What could not be undone. */
  readonly left: { readonly processes: readonly Pid[]; readonly acceptors: number };
}

/** What was found and done. */
export interface RecoverReport {
  readonly node: string;
  /** The operations of the journal that had not ended, oldest first. */
  readonly operations: readonly RecoveredOperation[];
  /** A tombstone of an operation that another machine's journal knows. */
  readonly foreign: GuardStatus | undefined;
  /** Whether the node is free of holds. */
  readonly nothingLeft: boolean;
}

const POLL = 200;

/**
 * Reads the journal and the node, waits for a guardian that is about to undo, and undoes by itself what no guardian is left for. May be run
 * again at any time; safe on a busy production node.
 * @throws GuardHeldError when a living controller guards the node, or the guardian does not answer
 * @throws TimeoutError when an install or an undo takes longer than `timeout`; nothing is lost then
 * @example
 * import { Journal, recover } from "beamctl";
 *
 * await using journal = await Journal.open(node.name);
 * const { operations, nothingLeft } = await recover(node, journal);
 * for (const { undoneNow } of operations) console.log(`${undoneNow.resumed} processes resumed`);
 * if (!nothingLeft) process.exitCode = 4;
 */
export async function recover(
  node: BeamNode,
  journal: Journal,
  { force = false, timeout = 600_000, onWait }: RecoverOptions = {},
): Promise<RecoverReport> {
  const unfinished = journal.unfinished;
  const tombstone = await settled(node, unfinished, { force, timeout, onWait });
  const operations: RecoveredOperation[] = [];
  for (const operation of unfinished) {
    const told = tombstone?.operation === operation.operation ? tombstone : undefined;
    operations.push(await finish(node, journal, operation, told));
  }
  const known = unfinished.some(({ operation }) => operation === tombstone?.operation);
  const clean = tombstone === undefined || isClean(tombstone);
  if (clean) await bury(node);
  const nothingLeft =
    (known || clean) &&
    operations.every(({ left }) => left.processes.length === 0 && left.acceptors === 0);
  return { node: node.name, operations, foreign: known ? undefined : tombstone, nothingLeft };
}

/** The tombstone, when no guardian holds anything any more. */
async function settled(
  node: BeamNode,
  unfinished: readonly JournalOperation[],
  {
    force,
    timeout,
    onWait,
  }: {
    force: boolean;
    timeout: number;
    onWait: RecoverOptions["onWait"] | undefined;
  },
): Promise<GuardStatus | undefined> {
  let told: "install" | "undo" | undefined;
  const until = Date.now() + timeout;
  for (;;) {
    const status = await guardStatus(node);
    if (status === undefined || status.phase === "done") return status;
    if (force) {
      const done = await takeOver(node, status, until - Date.now());
      if (done !== undefined) return done;
    } else {
      // We hold the lock of its journal, so its controller is dead: the guardian is about to undo.
      const ours = unfinished.some(({ operation }) => operation === status.operation);
      if (!ours && status.phase !== "undoing" && !status.waiting) {
        throw new GuardHeldError(status, { node: node.name });
      }
    }
    const what = status.waiting || status.phase === "install" ? "install" : "undo";
    if (what !== told) onWait?.(what);
    told = what;
    if (Date.now() >= until) {
      const remedy =
        what === "install"
          ? "The install still runs, and the guardian undoes when it has ended: run it again then. A relup that hangs ends with a restart of the node only."
          : "Run it again.";
      const whom = what === "install" ? "the release handler's install" : "the guardian's undo";
      throw new TimeoutError(whom, timeout, { node: node.name, remedy });
    }
    await pause(POLL);
  }
}

async function finish(
  node: BeamNode,
  journal: Journal,
  operation: JournalOperation,
  told: GuardStatus | undefined,
): Promise<RecoveredOperation> {
  const { purpose, holder, host, at } = operation;
  const about = { operation: operation.operation, purpose, holder, host, at };
  const end = (outcome: "undone" | "recovered" | "restarted") =>
    journal.append(operation.operation, { kind: "end", outcome, left: 0 });
  const files = await recoverFiles(node, operation.files);
  const nothing = {
    files,
    undoneNow: { resumed: 0, restarted: 0 },
    freed: 0,
    left: { processes: [], acceptors: 0 },
  };
  if (operation.creation !== node.creation) {
    await end("restarted");
    return { ...about, restarted: true, undoneByGuard: undefined, ...nothing };
  }
  const undoneByGuard = told && {
    why: told.why,
    at: told.undoneAt,
    resumed: told.counts["resumed"] ?? 0,
    restarted: told.counts["restarted"] ?? 0,
  };
  if (told !== undefined && isClean(told)) {
    await cancelTimers(node, operation.timers);
    await end("undone");
    return { ...about, restarted: false, undoneByGuard, ...nothing };
  }
  // Without a guardian's word, only what is really suspended is resumed: others may be running long since.
  const undone = await undoDirectly(node, {
    pids: await suspendedAmong(node, operation.pids),
    frozen: operation.frozen,
    guard: operation.guard,
    acceptors: operation.acceptors,
    timers: operation.timers,
    installing: operation.installing,
  });
  const { leftProcesses, leftAcceptors, resumed, restarted, freed } = undone;
  if (leftProcesses.length === 0 && leftAcceptors.length === 0) await end("recovered");
  return {
    ...about,
    restarted: false,
    undoneByGuard,
    files,
    undoneNow: { resumed, restarted },
    freed: told === undefined ? freed : 0, // else the tombstone counts them
    left: { processes: leftProcesses, acceptors: leftAcceptors.length },
  };
}

/** Whether a tombstone could give everything back. */
function isClean({ processes, acceptors, frozen }: GuardStatus): boolean {
  return processes === 0 && acceptors === 0 && frozen === 0;
}
