/** What is told of an operation when it has ended, whichever way. */

import type { Finding } from "../preflight/finding.ts";
import type { PauseFigures } from "./pauses.ts";
import type { LogLine, TimeSpan } from "./timeline.ts";

/** The version of the report's form: a field that changes its meaning or goes makes it one more, a new field does not. */
export const REPORT_SCHEMA = 1;

/** A time in milliseconds since the start of the operation; `end` is `null` when nobody saw it. */
export interface TimeWindow {
  readonly start: number;
  readonly end: number | null;
}

/** What became of the new clients of a listener: in `hold` they waited in its backlog so long, in `refuse` they were refused. */
export interface ListenerWindow extends TimeWindow {
  readonly name: string;
  readonly mode: "hold" | "refuse";
  readonly acceptors: number;
}

/** The messages that waited for what was held, at one time. */
export interface QueueSample {
  readonly at: number;
  readonly processes: number;
  /** In the longest queue, and in all. */
  readonly max: number;
  readonly sum: number;
  /** Bytes of memory of the held processes. */
  readonly memory: number;
}

/** The messages that waited for what was held. */
export interface QueueFigures {
  readonly samples: readonly QueueSample[];
  readonly max: number;
  readonly sum: number;
  /** The last sample before the resume. */
  readonly atResume: { readonly max: number; readonly sum: number };
  /** Messages a second in all queues, over the time from the first sample to the last. */
  readonly growth: number;
  /** Held processes whose waiting messages lie on their heap. */
  readonly onHeap: number;
}

/** What was allowed and what it came to, in milliseconds. */
export interface BudgetFigures {
  readonly soft: number;
  readonly hard: number;
  /** A rough guess, made before. */
  readonly expected: number;
  /** Why a limit is lower than asked for. */
  readonly lowered: readonly string[];
  /** From the first thing that was held to the last that was given back. */
  readonly held: number;
  /** Why it was ended early, before the install; `null` when it was not. */
  readonly stopped: string | null;
}

/** What an operation did, counted. */
export interface OperationCounts {
  /** Processes that were suspended or frozen by us, and acceptors held. */
  readonly suspended: number;
  readonly heldAcceptors: number;
  /** Processes that ended while they were held. */
  readonly died: number;
  /** Processes that answered their suspend too late and were called back. */
  readonly late: number;
  /** Processes that were asked and not held, for any reason; the late ones among them. */
  readonly refused: number;
  /** Websockets of what we held whose client was gone right after the resume; `null` when nobody looked. */
  readonly clientsLeft: number | null;
  /** Held processes that were gone `lookedAfter` milliseconds after the resume, beyond those that died while held. */
  readonly endedSoon: number | null;
  readonly lookedAfter: number | null;
  /** Processes of ours found suspended, and acceptors found held, at the end; `null` when nobody could look. */
  readonly left: number | null;
}

/** Why it did not reach its end, and what to do. */
export interface OperationFailure {
  readonly stage: string;
  /** What the node is like now. */
  readonly outcome: string;
  readonly message: string;
  readonly remedy: string | null;
}

/** The part of a report that all operations have. All times but `startedAt` are milliseconds, offsets count from the start. */
export interface OperationReport {
  readonly schema: typeof REPORT_SCHEMA;
  readonly kind: "upgrade" | "downgrade" | "instruction" | "suspend";
  /** What was done, in one line. */
  readonly title: string;
  readonly operation: string;
  readonly node: string;
  /** When it began, in epoch milliseconds. */
  readonly startedAt: number;
  readonly duration: number;
  /** `planned`: nothing was done, as asked. */
  readonly result: "done" | "planned" | "failed";
  readonly failure: OperationFailure | null;
  readonly timeline: {
    readonly stages: readonly TimeSpan[];
    readonly steps: readonly TimeSpan[];
    /** From the first thing that was held to the last that was given back; `null` when nothing was. */
    readonly hold: TimeWindow | null;
    /** Inside the release handler's install, and waiting for running requests. */
    readonly install: TimeWindow | null;
    readonly drain: TimeWindow | null;
  };
  readonly listeners: readonly ListenerWindow[];
  readonly pauses: readonly PauseFigures[];
  /** `null` when nothing was counted. */
  readonly queues: QueueFigures | null;
  readonly budget: BudgetFigures | null;
  readonly counts: OperationCounts;
  readonly findings: readonly Finding[];
  readonly log: readonly LogLine[];
}
