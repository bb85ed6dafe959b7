/** Puts the report of an operation together from what was noted on the way. */

import { type Guardian, type HeldTime, leftOf, pidKey } from "../../guard/index.ts";
import type { AcceptorMode, Facts } from "../../instructions/index.ts";
import type { HoldWatch } from "../budget/watch.ts";
import type { Finding } from "../preflight/finding.ts";
import type { Look } from "./look.ts";
import { acceptorsOf, pausesOf } from "./pauses.ts";
import {
  type ListenerWindow,
  type OperationCounts,
  type OperationFailure,
  type OperationReport,
  REPORT_SCHEMA,
  type TimeWindow,
} from "./report.ts";
import type { Timeline } from "./timeline.ts";

/** What one operation has seen of itself. */
export interface Noted {
  readonly kind: OperationReport["kind"];
  readonly title: string;
  readonly operation: string;
  readonly node: string;
  readonly planned?: boolean;
  readonly failure?: OperationFailure | null | undefined;
  readonly timeline: Timeline;
  readonly guardian: Guardian | undefined;
  readonly watch: HoldWatch | undefined;
  readonly facts: Facts;
  readonly acceptors: AcceptorMode;
  readonly findings: readonly Finding[];
  readonly look: Look | undefined;
}

/** The report, as things stand. */
export function operationReport(noted: Noted): OperationReport {
  const { timeline, guardian, watch, failure, facts } = noted;
  const { stages, steps } = timeline;
  const times = guardian?.times ?? { processes: [], acceptors: [] };
  const figures = watch?.figures;
  const spanOf = (name: string): TimeWindow | null => {
    const span = [...stages, ...steps].find((one) => one.name === name);
    return span === undefined ? null : { start: span.start, end: span.end };
  };
  return {
    schema: REPORT_SCHEMA,
    kind: noted.kind,
    title: noted.title,
    operation: noted.operation,
    node: noted.node,
    startedAt: timeline.startedAt,
    duration: timeline.now,
    result: failure ? "failed" : noted.planned === true ? "planned" : "done",
    failure: failure ?? null,
    timeline: {
      stages,
      steps,
      hold: windowOf(timeline, [...times.processes, ...times.acceptors]),
      install: spanOf("install"),
      drain: spanOf("FinishRunningRequests"),
    },
    listeners: listenersOf(noted),
    pauses: pausesOf(times, facts),
    queues: figures?.queues ?? null,
    budget: figures?.budget ?? null,
    counts: countsOf(noted),
    findings: noted.findings,
    log: timeline.lines,
  };
}

function windowOf(timeline: Timeline, times: readonly HeldTime<unknown>[]): TimeWindow | null {
  if (times.length === 0) return null;
  let [from, to] = [Number.POSITIVE_INFINITY, 0];
  for (const time of times) {
    from = Math.min(from, time.from);
    to = Math.max(to, time.to ?? Number.POSITIVE_INFINITY);
  }
  return { start: timeline.offset(from), end: Number.isFinite(to) ? timeline.offset(to) : null };
}

/** The acceptors of each listener: frozen ones by themselves, others by the supervisors that they were stopped under. */
function listenersOf({ facts, guardian, acceptors: mode, timeline }: Noted): ListenerWindow[] {
  const { acceptors: stopped, processes } = guardian?.times ?? { acceptors: [], processes: [] };
  return facts.listeners.flatMap(({ name, stops, acceptors }): ListenerWindow[] => {
    const frozen = new Set(stops.hold.map(pidKey));
    const supervisors = new Set(stops.refuse.map(({ supervisor }) => String(supervisor)));
    const own: readonly HeldTime<unknown>[] =
      mode === "hold"
        ? processes.filter(({ what }) => frozen.has(pidKey(what)))
        : stopped.filter(({ what }) => supervisors.has(String(what.supervisor)));
    const window = windowOf(timeline, own);
    return window === null ? [] : [{ name, mode, acceptors: acceptors.length, ...window }];
  });
}

function countsOf({ guardian, facts, look }: Noted): OperationCounts {
  const ended = guardian?.ended;
  const died = ended?.died ?? 0;
  const known =
    guardian === undefined ? "nothing" : ended === undefined ? "unknown" : leftOf(ended);
  const frozen = acceptorsOf(facts);
  const processes = guardian?.times.processes ?? [];
  return {
    suspended: processes.filter(({ what }) => !frozen.has(pidKey(what))).length,
    heldAcceptors: facts.heldAcceptors,
    died,
    late: ended?.late ?? 0,
    refused: guardian?.times.refused ?? 0,
    clientsLeft: look?.clientsLeft ?? null,
    endedSoon: look?.gone === undefined ? null : Math.max(0, look.gone - died),
    lookedAfter: look?.after ?? null,
    left: known === "unknown" ? null : (ended?.leftSuspended ?? 0) + (ended?.leftHeld ?? 0),
  };
}
