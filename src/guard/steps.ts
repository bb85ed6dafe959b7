/** The steps of a guardian: the intent is on the disk, then the guardian does it, then it is read back. */

import { setTimeout as pause } from "node:timers/promises";
import { atom, Pid, type Term, tuple } from "../term/index.ts";
import { failuresOf } from "./arming.ts";
import { GuardRefusedError } from "./errors.ts";
import {
  acceptorOf,
  failures,
  type HoldFailure,
  holdFailure,
  type SuspendFailure,
  unique,
  whatPid,
  without,
} from "./failures.ts";
import type { Hold } from "./hold.ts";
import { type Acceptor, pidKey } from "./journal/records.ts";

/** A step on supervisors waits this long for them, in milliseconds. */
const SUPERVISORS = 30_000;

/** What a request may take beyond the time that it gives to the processes: looking at them, and the way. */
const SLACK = 30_000;

/** How often a step without an end is asked about, in milliseconds. */
const AGAIN = 5_000;

/** Suspends or freezes processes; those that were, and those that were not. */
export async function halt(
  hold: Hold,
  how: "suspend" | "freeze",
  pids: readonly Pid[],
  timeout: number,
  duringInstall: boolean,
): Promise<readonly [halted: Pid[], failed: SuspendFailure[]]> {
  const limit = milliseconds(how, timeout);
  const asked = new Map(pids.map((pid) => [pidKey(pid), pid]));
  const kind = how === "suspend" ? "processes" : "frozen";
  const list = [...asked.values()];
  const [refusals, timers] = await hold.prepare(kind, list, limit, duringInstall);
  const refused = failures(refusals);
  for (const { pid } of refused) asked.delete(pidKey(pid));
  const fit = [...asked.values()];
  if (how === "suspend") hold.books.willSuspend(fit);
  else hold.books.willFreeze(fit);
  await hold.write({ kind: how, pids: fit, timers });
  hold.clock.take(fit);
  const commit = tuple(atom("commit"), limit);
  const [, late] = await hold.step(commit, limit + SLACK, duringInstall);
  const silent = failures(late);
  for (const { pid } of silent) asked.delete(pidKey(pid));
  const running = await notHalted(hold, duringInstall);
  for (const { pid } of running) asked.delete(pidKey(pid));
  const failed = [...silent, ...running];
  const halted = [...asked.values()];
  hold.books.resumed(failed.map(({ pid }) => pid));
  hold.clock.refuse(failed.map(({ pid }) => pid));
  hold.clock.refused += refused.length + failed.length;
  const result = { count: halted.length, failed: failed.map(whatPid) };
  await hold.write({ kind: how === "suspend" ? "suspended" : "frozen", ...result });
  return [halted, [...refused, ...failed]];
}

/** What said yes and runs on is no hold: it is resumed and given up. */
async function notHalted(hold: Hold, duringInstall: boolean): Promise<SuspendFailure[]> {
  let running: readonly Term[] = [];
  for (let looks = 0; looks < 5; looks++) {
    [running] = (await hold.ask(atom("look"), SLACK)) as [readonly Term[]];
    if (running.length === 0) return [];
    await pause(10); // a process answers just before it stops
  }
  await hold.step(tuple(atom("resume"), running, 1_000), SLACK, duringInstall);
  return running
    .filter((pid) => pid instanceof Pid)
    .map((pid) => ({ pid, reason: "not_suspended" }));
}

/** Resumes what is suspended and what is frozen. */
export async function resume(
  hold: Hold,
  pids: readonly Pid[] | undefined,
  timeout: number,
  duringInstall: boolean,
): Promise<{ resumed: Pid[]; failed: SuspendFailure[] }> {
  const endless = timeout === Number.POSITIVE_INFINITY;
  const limit = endless ? 0 : milliseconds("resume", timeout);
  const chosen = hold.books.heldOf(pids);
  await hold.write({ kind: "resume" });
  hold.clock.giving = true;
  const which = pids === undefined ? atom("all") : chosen;
  const request = tuple(atom("resume"), which, endless ? atom("infinity") : limit);
  const [, silent] = endless
    ? await untilAnswered(hold, request, duringInstall)
    : await hold.step(request, limit + SLACK, duringInstall);
  const failed = failures(silent);
  const left = new Set(failed.map(({ pid }) => pidKey(pid)));
  const resumed = chosen.filter((pid) => !left.has(pidKey(pid)));
  hold.books.resumed(resumed);
  hold.clock.give(resumed);
  await hold.write({ kind: "resumed", pids: resumed, failed: failed.map(whatPid) });
  return { resumed, failed };
}

/**
 * Waits for a step without an end. The guardian drops an answer rather than wait for a busy link, so silence is asked about:
 * it is busy as long as it is at it, and asked again afterwards it finds nothing left to do.
 */
async function untilAnswered(
  hold: Hold,
  request: Term,
  duringInstall: boolean,
): Promise<readonly Term[]> {
  const first = hold.step(request, 0, duringInstall);
  first.catch(() => undefined);
  for (;;) {
    const answer = await Promise.race([first, pause(AGAIN, undefined, { ref: false })]);
    if (answer !== undefined) return answer;
    try {
      return await hold.step(request, SLACK, duringInstall);
    } catch (error) {
      if (!(error instanceof GuardRefusedError && error.reason === "busy")) throw error;
    }
  }
}

/** Terminates children of supervisors, in this order. */
export async function terminate(
  hold: Hold,
  children: readonly Acceptor[],
  duringInstall: boolean,
): Promise<{ held: readonly Acceptor[]; failed: HoldFailure[] }> {
  const asked = unique(children);
  const list = asked.map(({ supervisor, id }) => tuple(supervisor, id));
  const [refusals, timers] = await hold.prepare("acceptors", list, SUPERVISORS, duringInstall);
  const refused = failuresOf(refusals, acceptorOf);
  const fit = without(asked, refused);
  hold.books.willHold(fit);
  await hold.write({ kind: "hold", acceptors: fit, timers });
  hold.clock.hold(fit);
  const commit = tuple(atom("commit"), SUPERVISORS);
  const [, unable] = await hold.step(commit, SUPERVISORS, duringInstall);
  const failed = failuresOf(unable, acceptorOf);
  const held = without(fit, failed);
  hold.clock.unheld(fit.filter((one) => !held.includes(one)));
  await hold.write({ kind: "held", count: held.length, failed });
  return { held, failed: [...refused, ...failed].map(holdFailure) };
}

/** Starts again all that was terminated, in the reverse order. */
export async function restart(
  hold: Hold,
  duringInstall: boolean,
): Promise<{ released: number; gone: number; failed: HoldFailure[] }> {
  await hold.write({ kind: "release" });
  const [released, unable, gone] = await hold.step(atom("release"), SUPERVISORS, duringInstall);
  const failed = failuresOf(unable, acceptorOf);
  hold.books.released(failed.map(({ what }) => what));
  hold.clock.release(failed.map(({ what }) => what));
  await hold.write({ kind: "released", failed });
  return { released: Number(released), gone: Number(gone), failed: failed.map(holdFailure) };
}

/** Tells the guardian that an install begins, or that it has ended. */
export async function enter(
  hold: Hold,
  phase: "install" | "freeze",
  longest: number,
): Promise<void> {
  if (phase === "install") {
    hold.installing = true;
    await hold.write({ kind: "phase", phase, longest });
    const [timers] = await hold.ask(tuple(atom("install"), longest), SLACK);
    await hold.write({ kind: "timers", timers: timers as readonly Term[] });
  } else {
    const [timers] = await hold.ask(atom("freeze"), 0);
    hold.installing = false;
    await hold.write({ kind: "timers", timers: timers as readonly Term[] });
    await hold.write({ kind: "phase", phase });
  }
}

/** Only a resume may be waited for without an end: the node's clock takes whole milliseconds. */
function milliseconds(step: string, timeout: number): number {
  if (Number.isFinite(timeout) && timeout >= 0) return Math.ceil(timeout);
  throw new GuardRefusedError(`a ${step} needs a timeout in milliseconds, not ${timeout}`, {
    remedy: "Only resume() takes Infinity.",
  });
}
