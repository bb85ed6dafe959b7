/** What is written into a journal, and what it says about operations that have not ended. */

import { Atom, type Pid, type Term } from "../../term/index.ts";

/** What is held of a listener: a child of one of its supervisors, mostly an acceptor. */
export interface Acceptor {
  readonly supervisor: Pid;
  readonly id: Term;
}

/** A process or acceptor that was not suspended or held, and why. */
export interface Failure<T> {
  readonly what: T;
  readonly reason: string;
}

/** A change of files on the node. */
export interface FileChange {
  /** `file`: written or replaced; `folder`: made; `release`: what the release handler knows of a version; `application`: started. */
  readonly what: "file" | "folder" | "release" | "application";
  /** The path on the node; of a release its version, of an application its name. */
  readonly path: string;
  /** Why, in a few words. */
  readonly why?: string;
  /** Where the former file is kept. */
  readonly backup?: string;
  /** MD5 of the file before, in hexadecimal; absent when there was none. */
  readonly before?: string;
  /** MD5 of the file afterwards. */
  readonly after?: string;
}

/** What happened, in the order of an operation. `intent` records are on disk before their effect begins. */
export type Entry =
  | {
      readonly kind: "begin";
      readonly node: string;
      readonly creation: number;
      readonly purpose: string;
      readonly holder: string;
      readonly host: string;
      /** SHA-256 of the guardian's text. */
      readonly guardian: string;
    }
  | { readonly kind: "armed"; readonly guard: Pid; readonly epoch: number }
  | { readonly kind: "suspend"; readonly pids: readonly Pid[]; readonly timers: readonly Term[] }
  | {
      readonly kind: "suspended";
      readonly count: number;
      readonly failed: readonly Failure<Pid>[];
    }
  | { readonly kind: "freeze"; readonly pids: readonly Pid[]; readonly timers: readonly Term[] }
  | { readonly kind: "frozen"; readonly count: number; readonly failed: readonly Failure<Pid>[] }
  | {
      readonly kind: "hold";
      readonly acceptors: readonly Acceptor[];
      readonly timers: readonly Term[];
    }
  | { readonly kind: "held"; readonly count: number; readonly failed: readonly Failure<Acceptor>[] }
  | { readonly kind: "phase"; readonly phase: "install" | "freeze"; readonly longest?: number }
  | { readonly kind: "timers"; readonly timers: readonly Term[] }
  | { readonly kind: "resume" }
  | {
      readonly kind: "resumed";
      readonly pids: readonly Pid[];
      readonly failed: readonly Failure<Pid>[];
    }
  | { readonly kind: "release" }
  | { readonly kind: "released"; readonly failed: readonly Failure<Acceptor>[] }
  | { readonly kind: "lost"; readonly why: string }
  | { readonly kind: "disarm" }
  | ({ readonly kind: "file" } & FileChange)
  | ({ readonly kind: "filed" } & Pick<FileChange, "what" | "path" | "backup" | "after">)
  | {
      readonly kind: "end";
      /**
       * `disarmed` by its controller, `undone` by the guardian, `recovered` later, `restarted`: the node is another one. Of an operation that
       * changes files: `done`, or `failed` before its last change.
       */
      readonly outcome: "disarmed" | "undone" | "recovered" | "restarted" | "done" | "failed";
      readonly left: number;
    };

/** An entry as it is on disk. */
export type JournalRecord = Entry & {
  /** Version of the record's shape. */
  readonly v: 1;
  /** Counts from 1 without a gap, over all operations of the file. */
  readonly seq: number;
  /** Epoch milliseconds of the controller. */
  readonly at: number;
  /** The operation it belongs to. */
  readonly op: string;
};

/** An operation as the journal knows it. */
export interface JournalOperation {
  readonly operation: string;
  readonly node: string;
  readonly creation: number;
  readonly purpose: string;
  readonly holder: string;
  readonly host: string;
  /** Epoch milliseconds of its begin. */
  readonly at: number;
  guard: Pid | undefined;
  epoch: number | undefined;
  /** Asked to be suspended, and not known to be resumed. */
  pids: readonly Pid[];
  /** Asked to be frozen, and not known to be resumed. They run again when their guardian ends, whoever ends it. */
  frozen: readonly Pid[];
  /** Asked to be held, and not known to run again, in the order of their termination. */
  acceptors: readonly Acceptor[];
  /** Backstop timers that may still run on the node. */
  timers: readonly Term[];
  /** Whether an install was begun and not known to have ended. */
  installing: boolean;
  lost: string | undefined;
  /** Changes of files, those that were only announced among them. */
  files: readonly (FileChange & { readonly done: boolean })[];
  ended: (Entry & { kind: "end" }) | undefined;
}

/** The operations of these records, oldest first. */
export function operationsOf(records: readonly JournalRecord[]): JournalOperation[] {
  const found = new Map<string, JournalOperation>();
  for (const record of records) {
    if (record.kind === "begin") found.set(record.op, begun(record));
    const operation = found.get(record.op);
    if (operation !== undefined) apply(operation, record);
  }
  return [...found.values()];
}

function begun(record: JournalRecord & { kind: "begin" }): JournalOperation {
  const { node, creation, purpose, holder, host, op, at } = record;
  return {
    ...{ operation: op, node, creation, purpose, holder, host, at },
    ...{ guard: undefined, epoch: undefined, lost: undefined, ended: undefined },
    ...{ pids: [], frozen: [], acceptors: [], timers: [], files: [], installing: false },
  };
}

function apply(operation: JournalOperation, record: JournalRecord): void {
  switch (record.kind) {
    case "armed":
      operation.guard = record.guard;
      operation.epoch = record.epoch;
      break;
    case "suspend":
      operation.pids = [...operation.pids, ...record.pids];
      operation.timers = [...operation.timers, ...record.timers];
      break;
    case "freeze":
      operation.frozen = [...operation.frozen, ...record.pids];
      operation.timers = [...operation.timers, ...record.timers];
      break;
    case "hold":
      operation.acceptors = [...operation.acceptors, ...record.acceptors];
      operation.timers = [...operation.timers, ...record.timers];
      break;
    case "phase":
      operation.installing ||= record.phase === "install";
      break;
    case "timers":
      operation.timers = record.timers;
      break;
    case "resumed": {
      const resumed = new Set(record.pids.map(pidKey));
      const stays = (pid: Pid) => !resumed.has(pidKey(pid));
      operation.pids = operation.pids.filter(stays);
      operation.frozen = operation.frozen.filter(stays);
      break;
    }
    case "released":
      operation.acceptors = record.failed.map(({ what }) => what);
      break;
    case "lost":
      operation.lost = record.why;
      break;
    case "file": {
      const { what, path, why, backup, before, after } = record;
      const given = { why, backup, before, after };
      const known = Object.entries(given).filter(([, value]) => value !== undefined);
      operation.files = [
        ...operation.files,
        { what, path, ...Object.fromEntries(known), done: false },
      ];
      break;
    }
    case "filed":
      operation.files = operation.files.map((file) =>
        file.done || file.path !== record.path || file.what !== record.what
          ? file
          : {
              ...file,
              ...(record.backup === undefined ? {} : { backup: record.backup }),
              ...(record.after === undefined ? {} : { after: record.after }),
              done: true,
            },
      );
      break;
    case "end":
      operation.ended = record;
      break;
    case "begin":
    case "suspended":
    case "frozen":
    case "held":
    case "resume":
    case "release":
    case "disarm":
      break;
  }
}

/** Equal for equal pids: node, numbers and creation. */
export function pidKey(pid: Pid): string {
  return `${pid.node.name} ${pid.id} ${pid.serial} ${pid.creation}`;
}

/** Whether a value read from a file is a record; its fields beyond the common ones are trusted, since its checksum is right. */
export function isRecord(value: unknown): value is JournalRecord {
  if (typeof value !== "object" || value === null || value instanceof Atom) return false;
  const { v, seq, at, op, kind } = value as Record<string, unknown>;
  return (
    v === 1 &&
    typeof seq === "number" &&
    typeof at === "number" &&
    typeof op === "string" &&
    typeof kind === "string"
  );
}
