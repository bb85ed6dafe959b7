/** FinishRunningRequests: the HTTP requests that are running get a while to end. */

import { setTimeout as delay } from "node:timers/promises";
import { UsageError } from "../errors.ts";
import { appendAfterPointOfNoReturn } from "../relup/index.ts";
import { type Atom, atom, inspect, type Term, Tuple, tuple } from "../term/index.ts";
import { bulkWaitForTermination, notifyRunningRequests } from "./bulk.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { CheckRanchConnections } from "./check-ranch-connections.ts";
import { settings } from "./config.ts";
import { defineInstruction } from "./define.ts";
import type { RunnableInstruction } from "./instruction.ts";
import { type RunningRequest, runningRequests } from "./running-requests.ts";

/** Where a request runs in its connection, which does not end with it, it is looked at again after this time (ms). */
const POLL = 50;
/** Of the requests that outlast the wait so many are told one by one. */
const SHOWN = 5;

/** The functions that edeliver's module offers beside `run`. */
export interface RequestFunctions {
  /** See {@link bulkWaitForTermination}. */
  readonly bulkWaitForTermination: typeof bulkWaitForTermination;
  /** See {@link notifyRunningRequests}. */
  readonly notifyRunningRequests: typeof notifyRunningRequests;
}

/**
 * Waits until the running requests have ended, or the time is up: the rest run on, through the upgrade. It returns as soon as all have
 * ended (edeliver's always waits the whole time), and counts requests, not idle keep-alive connections. The argument is edeliver's
 * `{App, Milliseconds}`. With `notifyRequests` the rest is sent `upgrade_started`.
 */
export const FinishRunningRequests: RunnableInstruction<Tuple<readonly [Atom, number]>> &
  RequestFunctions = {
  ...defineInstruction<Tuple<readonly [Atom, number]>>({
    name: "FinishRunningRequests",
    insertWhere: appendAfterPointOfNoReturn,
    dependencies: [CheckRanchAcceptors, CheckRanchConnections],
    arguments: (_instructions, config) => {
      const { application, drainTimeout } = settings(config);
      return tuple(atom(application), drainTimeout);
    },

    async run(context, argument) {
      const timeout = timeoutOf(argument);
      const { node, config, facts, log, guardian } = context;
      // When the hold is lost there is nothing to wait for.
      const signals = [context.signal, guardian?.lost].filter((one) => one !== undefined);
      const signal = AbortSignal.any(signals);
      const until = performance.now() + timeout;
      const seen = new Set<string>();
      let left = await runningRequests(node, facts.seen);
      for (const { pid } of left) seen.add(String(pid));
      // A connection that was accepted just before the hold may begin its request only now, so the list is read again.
      while (left.length > 0 && performance.now() < until && !signal.aborted) {
        await someEnded(left, until - performance.now());
        left = await runningRequests(node, facts.seen);
        for (const { pid } of left) seen.add(String(pid));
      }
      guardian?.lost.throwIfAborted();
      if (seen.size === 0) {
        log("info", "no requests are running");
        return;
      }
      const rest = left.length > 0 ? `; ${left.length} run on through the upgrade` : "";
      log("info", `${seen.size - left.length} of ${seen.size} running requests finished${rest}`);
      for (const { pid } of left.slice(0, SHOWN)) {
        const where = await node.call("erlang", "process_info", [pid, atom("current_function")]);
        log("debug", `${pid} runs on: ${inspect(where)}`);
      }
      if (config.notifyRequests && left.length > 0 && !signal.aborted) {
        facts.notified = left.map(({ pid }) => pid);
        notifyRunningRequests(node, facts.notified, atom("upgrade_started"));
        log("info", `told ${left.length} requests that the upgrade starts`);
      }

      async function someEnded(requests: readonly RunningRequest[], limit: number) {
        const own = requests.filter((request) => request.own).map(({ pid }) => pid);
        if (own.length === requests.length) {
          await bulkWaitForTermination(node, own, limit, signal);
        } else {
          await delay(Math.min(POLL, limit), undefined, { signal }).catch(() => {});
        }
      }
    },
  }),
  bulkWaitForTermination,
  notifyRunningRequests,
};

function timeoutOf(argument: Term): number {
  const timeout = argument instanceof Tuple ? argument.items[1] : undefined;
  if (typeof timeout === "number" && timeout >= 0) return timeout;
  throw new UsageError(`${inspect(argument, { limit: 5 })} is no {App, Milliseconds}`, {
    remedy: "Give the application and a time, as {:shop, 500}.",
  });
}
