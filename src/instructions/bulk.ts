/** Many processes at once: edeliver's `bulk_suspend`, `bulk_resume`, `bulk_wait_for_termination` and `notify_running_requests`. */

import { setTimeout as delay } from "node:timers/promises";
import { type Guardian, pidKey, type SuspendFailure } from "../guard/index.ts";
import type { BeamNode, SystemReply } from "../node/index.ts";
import { atom, type Pid, type Term } from "../term/index.ts";
import type { InstructionContext } from "./instruction.ts";

/** A process and why it failed, as edeliver's `{Pid, Reason}`. */
export type BulkFailure = readonly [pid: Pid, reason: string];

/**
 * `ok | {errors, Count, [{Pid, Reason}]} | not_supported` as edeliver's `bulk_suspend/2` and `bulk_resume/2` return it, in the order of the
 * input, without their defects: a process that is gone is an error of its own and never makes the rest "not supported", and
 * `not_supported` means that there were processes and none of them answers system messages. No processes at all are `ok`.
 */
export type BulkResult =
  | "ok"
  | "not_supported"
  | readonly ["errors", count: number, failures: readonly BulkFailure[]];

const RESUME = atom("resume");

/** What these need of the context. */
export type BulkContext = Pick<InstructionContext, "node" | "log"> & {
  readonly guardian: Guardian | undefined;
  /** Default `false`. */
  readonly duringInstall?: boolean;
};

/**
 * `bulk_suspend/2` through the guardian, which will resume them if we vanish. Takes about one `timeout`, however many processes there
 * are; those that did not answer in time are sent a resume, so that they do not freeze later.
 * @param timeout milliseconds for all of them together. Default 1000
 * @example
 * import { channels, Guardian } from "beamctl";
 * import { bulkSuspend } from "beamctl/instructions";
 *
 * await using guardian = await Guardian.arm(node);
 * const found = await channels(node);
 * const pids = found === "not_detected" ? [] : found.map(({ pid }) => pid);
 * const { result, suspended } = await bulkSuspend(guardian, pids, 500);
 */
export async function bulkSuspend(
  guardian: Pick<Guardian, "suspend">,
  pids: readonly Pid[],
  timeout = 1000,
): Promise<{ result: BulkResult; suspended: readonly Pid[] }> {
  const { suspended, failed } = await guardian.suspend(pids, { timeout });
  return { result: bulkResult(pids, failed), suspended };
}

/**
 * `bulk_resume/2`: resumes these processes. Those that the guardian holds are resumed through it and leave its list; others are sent the
 * message of `sys:resume/1`, which does nothing to a process that runs. Takes at most `timeout`.
 * @param timeout milliseconds for all of them together, or `infinity`: it waits as long as they take, with a warning, and the guardian's
 * lease is renewed meanwhile. Default 5000
 * @example
 * import { bulkResume } from "beamctl/instructions";
 *
 * const result = await bulkResume(context, context.facts.suspended, 2_000);
 * if (result !== "ok") context.log("warning", "some channels have not been resumed");
 */
export async function bulkResume(
  context: BulkContext,
  pids: readonly Pid[],
  timeout: number | "infinity" = 5000,
): Promise<BulkResult> {
  if (timeout === "infinity") {
    context.log("warning", "resuming without a limit: one process that never answers holds it up");
  }
  const limit = timeout === "infinity" ? Number.POSITIVE_INFINITY : timeout;
  const { guardian } = context;
  const held = new Set((guardian?.held ?? []).map(pidKey));
  const ours = pids.filter((pid) => held.has(pidKey(pid)));
  // A process of an earlier life of the node, or of another one, must not keep the rest suspended.
  const isOf = ({ node, creation }: Pid) =>
    node.name === context.node.name && creation === context.node.creation;
  const strange = pids.filter((pid) => !isOf(pid));
  const others = pids.filter((pid) => isOf(pid) && !held.has(pidKey(pid)));
  const [given, sent] = await Promise.all([
    guardian === undefined || ours.length === 0
      ? { failed: [] }
      : guardian.resume(ours, { timeout: limit, duringInstall: context.duringInstall ?? false }),
    context.node.systemMessages(others, RESUME, { timeout: limit }),
  ]);
  const gone = strange.map((pid): SuspendFailure => ({ pid, reason: "noproc" }));
  return bulkResult(pids, [...gone, ...given.failed, ...sent.flatMap(failureOf)]);
}

/**
 * `bulk_wait_for_termination/2`: the processes that still run when the time is up. It returns as soon as all have ended, where edeliver's
 * always waits its whole time.
 * @param timeout milliseconds
 * @example
 * import { connections } from "beamctl";
 * import { bulkWaitForTermination } from "beamctl/instructions";
 *
 * const requests = (await connections(node)).connections.flatMap((each) => each.requests);
 * const left = await bulkWaitForTermination(node, requests, 5_000);
 */
export async function bulkWaitForTermination(
  node: BeamNode,
  pids: readonly Pid[],
  timeout: number,
  signal?: AbortSignal,
): Promise<readonly Pid[]> {
  const left = new Map(pids.map((pid) => [pidKey(pid), pid]));
  const monitors = [...left].map(([key, pid]) => ({ key, monitor: node.monitor(pid) }));
  const stop = new AbortController();
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
  const late = delay(timeout, undefined, { signal: stopped }).catch(() => undefined);
  const ended = monitors.map(async ({ key, monitor }) => {
    await monitor.down;
    left.delete(key);
  });
  try {
    await Promise.race([Promise.allSettled(ended), late]);
  } finally {
    stop.abort();
    for (const { monitor } of monitors) monitor.cancel();
  }
  return [...left.values()];
}

/**
 * `notify_running_requests/2`: sends each process the event as a plain message. No published Phoenix understands it.
 * @example
 * import { connections } from "beamctl";
 * import { notifyRunningRequests } from "beamctl/instructions";
 * import { atom } from "beamctl/term";
 *
 * const requests = (await connections(node)).connections.flatMap((each) => each.requests);
 * notifyRunningRequests(node, requests, atom("upgrade_started"));
 */
export function notifyRunningRequests(node: BeamNode, pids: readonly Pid[], event: Term): void {
  for (const pid of pids) node.send(pid, event);
}

/** The result for the processes that were asked. */
export function bulkResult(asked: readonly Pid[], failed: readonly SuspendFailure[]): BulkResult {
  if (failed.length === 0) return "ok";
  const silent = failed.filter(({ reason }) => reason === "timeout" || reason === "not_otp");
  const reasons = new Map(failed.map(({ pid, reason }) => [pidKey(pid), reason]));
  const failures = asked.flatMap((pid): BulkFailure[] => {
    const reason = reasons.get(pidKey(pid));
    return reason === undefined ? [] : [[pid, reason]];
  });
  if (silent.length === failed.length && failures.length === asked.length) return "not_supported";
  return ["errors", failures.length, failures];
}

function failureOf(reply: SystemReply): SuspendFailure[] {
  if (reply.ok) return [];
  return [{ pid: reply.pid, reason: reply.error.code === "BEAM_NOPROC" ? "noproc" : "timeout" }];
}
