/** How guarding a node fails. */

import { BeamError, type BeamErrorOptions } from "../errors.ts";
import type { GuardStatus } from "./status.ts";

/** Another controller guards the node; nothing was changed. */
export class GuardHeldError extends BeamError {
  readonly code = "BEAM_LEASE";
  /** What the guardian on the node tells about itself; absent when it does not answer. */
  readonly status: GuardStatus | undefined;

  constructor(status: GuardStatus | undefined, options: BeamErrorOptions = {}) {
    super(heldBy(status), { retryable: true, remedy: remedyFor(status), ...options });
    this.status = status;
  }
}

function heldBy(status: GuardStatus | undefined): string {
  if (status === undefined) return "the node is guarded by a guardian that does not answer";
  const { holder, host, operation, purpose, age, phase } = status;
  const what = purpose === "" ? `operation ${operation}` : `${purpose} (operation ${operation})`;
  if (phase === "done") return `an earlier guardian could not undo all of ${what}`;
  return `the node is guarded by ${holder} on ${host} since ${Math.round(age / 1000)} s: ${what}`;
}

function remedyFor(status: GuardStatus | undefined): string {
  return status?.phase === "done" || status === undefined
    ? "Run `beamctl recover`."
    : "Wait until it has ended; if its controller is gone, the guardian undoes it by itself.";
}

/** The guardian gave up its hold, or cannot be reached: what was held is undone by it, and nothing may go on from here. */
export class GuardLostError extends BeamError {
  readonly code = "BEAM_LEASE";
  /** `lease`, `cap`, `controller`, `taken` or `exit` as the guardian says; `died`, `silent` or `link` as seen from here. */
  readonly why: string;

  constructor(why: string, options: BeamErrorOptions = {}) {
    super(`the hold on the node was lost: ${LOST[why] ?? why}`, {
      remedy: "Everything that was held is undone on the node; `beamctl recover` tells.",
      ...options,
    });
    this.why = why;
  }
}

const LOST: Readonly<Record<string, string>> = {
  lease: "this process did not renew its lease in time",
  cap: "processes were held for too long",
  controller: "the node lost sight of this process",
  taken: "another controller took over",
  exit: "the guardian was told to end",
  died: "the guardian on the node was killed",
  silent: "the guardian does not answer",
  link: "the link to the node is down",
};

/** The guardian refused or could not do a step; what is held stays held and guarded. */
export class GuardRefusedError extends BeamError {
  readonly code = "BEAM_LEASE";
  /** What the guardian said, as `busy`, `refused` or `failed`; absent when it was not asked. */
  readonly reason: string | undefined;

  constructor(message: string, options: BeamErrorOptions & { reason?: string } = {}) {
    super(message, options);
    this.reason = options.reason;
  }
}

/** The node cannot run a guardian, so nothing can be held on it; nothing was changed. */
export class GuardUnfitError extends BeamError {
  readonly code = "BEAM_LEASE";
  /** What is missing: modules, `timer_server`, or the guardian's name. */
  readonly missing: readonly string[];

  constructor(
    node: string,
    missing: readonly string[],
    what: string,
    options: BeamErrorOptions = {},
  ) {
    super(`no guardian can run on ${node}: ${what}`, { node, ...options });
    this.missing = missing;
  }
}

/** A journal cannot be written or read: nothing is suspended without one. */
export class JournalError extends BeamError {
  readonly code = "BEAM_JOURNAL";
}

/** A record in the middle of a journal is damaged: what follows it cannot be trusted. */
export class JournalDamagedError extends JournalError {
  /** Where the damaged record begins, in bytes from the start of the file. */
  readonly offset: number;

  constructor(path: string, offset: number, what: string) {
    super(`${path} is damaged at byte ${offset}: ${what}`, {
      remedy: "Move the file away after `beamctl recover` has been run with a node that is up.",
    });
    this.offset = offset;
  }
}

/** Another process writes this journal now. */
export class JournalLockedError extends JournalError {
  /** The operating system's pid of the process that holds it. */
  readonly holder: number;

  constructor(path: string, holder: number) {
    super(`${path} is in use by process ${holder}`, {
      retryable: true,
      remedy: "Another beamctl works on this node from this machine: wait until it has ended.",
    });
    this.holder = holder;
  }
}

/** An earlier operation on the node has no end in the journal: something of it may still be held. */
export class UnfinishedOperationError extends JournalError {
  readonly operation: string;

  constructor(node: string, operation: string, purpose: string) {
    super(`an earlier operation has not ended: ${purpose || operation}`, {
      node,
      remedy: "Run `beamctl recover` first: it undoes what is left and tells what happened.",
    });
    this.operation = operation;
  }
}
