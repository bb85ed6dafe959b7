/** What a guardian on a node tells about itself. */

import { Atom, atom, Pid, type Term, TermMap, textOf } from "../term/index.ts";

/** Where a guardian stands: it holds, it waits for an install to end, it undoes, or it is the tombstone of what it undid. */
export type GuardPhase = "freeze" | "install" | "undoing" | "done";

/** The answer of a guardian to `status`. Times are in milliseconds. */
export interface GuardStatus {
  readonly guard: Pid;
  readonly phase: GuardPhase;
  /** Why it undid: `lease`, `cap`, `controller`, `taken`, `exit`, `asked`, or `none`. */
  readonly why: string;
  readonly epoch: number;
  readonly operation: string;
  readonly purpose: string;
  readonly holder: string;
  readonly host: string;
  readonly age: number;
  /** What is left of its lease; negative when it ran out. */
  readonly lease: number;
  /** Processes it suspended and acceptors it holds, or, after an undo, could not give back. */
  readonly processes: number;
  readonly acceptors: number;
  /** Processes that it freezes, or is about to, by the runtime's own list. */
  readonly frozen: number;
  readonly counts: Readonly<Record<string, number>>;
  /** When it had undone everything, in epoch milliseconds of the node. */
  readonly undoneAt: number | undefined;
  /** Whether it waits for the release handler's answer. */
  readonly waiting: boolean;
  readonly timers: readonly Term[];
}

/** Reads the map that the guardian answers; `undefined` when it is none. */
export function readStatus(term: Term | undefined): GuardStatus | undefined {
  if (!(term instanceof TermMap)) return undefined;
  const get = (key: string) => term.get(atom(key));
  const guard = get("guard");
  if (!(guard instanceof Pid)) return undefined;
  const number = (key: string): number => {
    const value = get(key);
    return typeof value === "number" ? value : 0;
  };
  const text = (key: string): string => textOf(get(key) ?? []) ?? "";
  const name = (key: string): string => {
    const value = get(key);
    return value instanceof Atom ? value.name : "";
  };
  const undoneAt = get("undone_at");
  const counts = get("counts");
  const timers = get("timers");
  return {
    guard,
    phase: name("phase") as GuardPhase,
    why: name("why"),
    epoch: number("epoch"),
    operation: text("operation"),
    purpose: text("purpose"),
    holder: text("holder"),
    host: text("host"),
    age: number("age"),
    lease: number("lease"),
    processes: number("processes"),
    acceptors: number("acceptors"),
    frozen: number("frozen"),
    counts: counts instanceof TermMap ? countsOf(counts) : {},
    undoneAt: typeof undoneAt === "number" ? undoneAt : undefined,
    waiting: name("waiting") === "true",
    timers: Array.isArray(timers) ? (timers as readonly Term[]) : [],
  };
}

function countsOf(map: TermMap): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [key, value] of map) {
    if (key instanceof Atom && typeof value === "number") counts[key.name] = value;
  }
  return counts;
}
