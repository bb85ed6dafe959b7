/** The longest that anything may stand still, decided before anything does. */

import { UsageError } from "../../errors.ts";
import type { SuspendTarget } from "../../instructions/index.ts";
import type { Remote } from "../../otp/index.ts";
import { detectSockets, idleTimeouts } from "../../topology/index.ts";

/** What the user allows. Times are in milliseconds. */
export interface BudgetOptions {
  /**
   * The wait for running requests ends so early that this is kept; when it is over before the install begins, all is given back and the operation
   * fails. An install that has begun runs to its end. Default 8000.
   */
  readonly soft?: number;
  /** The guardian gives everything back then, outside of an install. Default 25,000. */
  readonly hard?: number;
  /** So many messages in the queue of one held process end the hold early, before the install. Default 50,000. */
  readonly queue?: number;
  /** So many bytes more memory of all held processes together end it early too. Default no limit. */
  readonly memory?: number;
}

/** What holds for one operation. */
export interface Budget {
  readonly soft: number;
  readonly hard: number;
  readonly queue: number;
  readonly memory: number | undefined;
  /** What it will take, roughly, and the part of it that comes after the wait for requests: 0 when the hold itself is what is wished. */
  readonly expected: number;
  readonly rest: number;
  /** Processes that will be held, as far as can be told before. */
  readonly processes: number;
  /** Which of a websocket; `undefined` for none. */
  readonly suspend: SuspendTarget | undefined;
  /** Why a limit is lower than asked for, one line each. */
  readonly lowered: readonly string[];
}

/** After so long without an answer to its heartbeat a client of Phoenix may give up; below it by a margin. */
const HEARTBEAT = 25_000;

const DEFAULTS = { soft: 8_000, hard: 25_000, queue: 50_000 };

/** What a process and a changed module cost, and the rest: measured on two cores, in milliseconds. */
const PER_PROCESS = 0.1;
const PER_MODULE = 10;
const AROUND = 150;

/** What will be done, as far as it decides how long it takes. */
export interface Intended {
  /** Which processes of a websocket will be held; `undefined` for none. */
  readonly suspend: SuspendTarget | undefined;
  readonly drainTimeout: number;
  /** Modules that change. */
  readonly modules: number;
}

/**
 * The limits of the user, lowered where transports would stand longer than their clients bear, and where a listener's idle timeout is below them.
 * Read-only; websockets are counted and a few of them asked for their timeout.
 * @throws UsageError when a limit is no positive number
 */
export async function budgetOf(
  remote: Remote,
  options: BudgetOptions,
  { suspend, drainTimeout, modules }: Intended,
): Promise<Budget> {
  const asked = limitsOf(options);
  const sockets = suspend === undefined ? undefined : await lookAt(remote, suspend);
  const limits: { time: number; why: string }[] = [];
  if (suspend === "transports" || suspend === "both") {
    const why = "a client whose heartbeat is not answered gives its connection up after 30 s";
    limits.push({ time: HEARTBEAT, why });
  }
  for (const { listener, timeout } of sockets?.timeouts ?? []) {
    limits.push({ time: timeout, why: `the idle timeout of ${listener} is ${timeout} ms` });
  }
  const hard = Math.min(asked.hard, ...limits.map(({ time }) => time));
  const processes = sockets?.processes ?? 0;
  const rest = Math.round(AROUND + processes * PER_PROCESS + modules * PER_MODULE);
  return {
    soft: Math.min(asked.soft, hard),
    hard,
    queue: asked.queue,
    memory: options.memory,
    expected: rest + Math.min(drainTimeout, Math.min(asked.soft, hard)),
    rest,
    processes,
    suspend,
    lowered: limits
      .filter(({ time }) => time < asked.hard)
      .map(({ time, why }) => `at most ${time} ms: ${why}`),
  };
}

/** The limits as they are asked for, each checked. */
function limitsOf(
  options: BudgetOptions,
): Required<Pick<BudgetOptions, "soft" | "hard" | "queue">> {
  const { soft = DEFAULTS.soft, hard = DEFAULTS.hard, queue = DEFAULTS.queue, memory } = options;
  for (const [name, value] of Object.entries({ soft, hard, queue, memory })) {
    if (value === undefined || (Number.isFinite(value) && value > 0)) continue;
    throw new UsageError(`the budget's ${name} is ${value}`, {
      remedy: "Give a positive number: nothing is held without a limit.",
    });
  }
  return { soft, hard, queue };
}

async function lookAt(remote: Remote, suspend: SuspendTarget) {
  const found = await detectSockets(remote, { topics: false });
  if ("notDetected" in found) return undefined;
  const { connections, channels } = found;
  const transports = connections.filter(({ kind }) => kind === "websocket").length;
  return {
    processes:
      (suspend === "transports" ? 0 : channels.length) + (suspend === "channels" ? 0 : transports),
    timeouts: await idleTimeouts(remote, connections),
  };
}

/** What is shown before anything is held. */
export function budgetLine({ soft, hard, expected, processes, lowered }: Budget): string {
  const who = processes === 0 ? "" : ` of ${processes} processes`;
  const why = lowered.length === 0 ? "" : `; ${lowered.join("; ")}`;
  return `a hold${who} of at most ${soft} ms before the install (${hard} ms in all); expected ${expected} ms${why}`;
}

/** What a person should know before transports are held; `undefined` when only channels are. */
export function staleWarning(suspend: SuspendTarget): string | undefined {
  if (suspend === "channels") return undefined;
  return (
    "transports are held: a client that gives up meanwhile connects anew, and what it had sent is done at the resume all the same, " +
    "so a push that it repeats is done twice. Holding channels keeps heartbeats answered (--suspend channels)"
  );
}
