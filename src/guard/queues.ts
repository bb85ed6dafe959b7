/** How much waits for the processes that are held. */

import type { Term } from "../term/index.ts";

/** One count over all that is held. */
export interface Queues {
  /** Processes that were counted: held, and alive. */
  readonly processes: number;
  /** Messages in the longest queue, and in all together. */
  readonly max: number;
  readonly sum: number;
  /** Bytes of memory of them, their queues among it. */
  readonly memory: number;
  /** Those whose waiting messages lie on their heap, where a long queue makes every garbage collection after the resume slow. */
  readonly onHeap: number;
}

/** Reads the guardian's answer. */
export function readQueues(items: readonly Term[] | undefined): Queues | undefined {
  const [processes, max, sum, memory, onHeap] = (items ?? []).map(Number);
  if (processes === undefined || max === undefined || sum === undefined) return undefined;
  return { processes, max, sum, memory: memory ?? 0, onHeap: onHeap ?? 0 };
}
