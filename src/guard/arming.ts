/** Putting a guardian on a node: the journal first, then the process, whose registered name is the lock. */

import { randomUUID } from "node:crypto";
import { hostname, userInfo } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { type BeamError, isBeamError, TimeoutError } from "../errors.ts";
import type { BeamNode } from "../node/index.ts";
import { formsOf } from "../otp/index.ts";
import { Atom, atom, binary, Pid, type Term, TermMap, Tuple, tuple } from "../term/index.ts";
import { GuardChannel } from "./channel.ts";
import { GuardHeldError, GuardLostError, UnfinishedOperationError } from "./errors.ts";
import { mustBeFit, nameTaken } from "./fitness.ts";
import { GUARDIAN } from "./guardian-source.ts";
import { Journal } from "./journal/journal.ts";
import { type GuardStatus, readStatus } from "./status.ts";

/** How a node is guarded. Times are in milliseconds. */
export interface GuardOptions {
  /** Names the operation in the journal and on the node. Default a new UUID. */
  readonly operation?: string;
  /** What it is for, in a few words: the next one who wants the node reads it. */
  readonly purpose?: string;
  /** The journal of this node, open. Default: the guardian opens its own in `stateDirectory`, and closes it at the end. */
  readonly journal?: Journal;
  /** Where journals are kept. Default `$XDG_STATE_HOME/beamctl` or `~/.local/state/beamctl`. */
  readonly stateDirectory?: string;
  /** Without a sign of life for this long, the guardian undoes. Default 5000. */
  readonly lease?: number;
  /** The longest that anything is held outside of an install. Default 25000; the backstop fires one lease later. */
  readonly cap?: number;
  /** How long the guardian stays and tells, after it undid something. Default 600000. */
  readonly tombstone?: number;
}

/** A guardian that has just taken the node. */
export interface Armed {
  readonly operation: string;
  readonly lease: number;
  readonly journal: Journal;
  readonly ownJournal: boolean;
  readonly channel: GuardChannel;
  readonly guard: Pid;
  readonly epoch: number;
  readonly down: Promise<Term>;
  /** What the tombstone told that made room. */
  readonly previous: GuardStatus | undefined;
}

/** How long the node may take to start the guardian. */
const PATIENCE = 10_000;

/** How long the first message of a guardian that has ended may still be on its way to us, in milliseconds. */
const ENDED = 500;

/** Opens the journal, writes the intent and starts the guardian; when any of it fails, nothing is left behind. */
export async function arm(node: BeamNode, options: GuardOptions): Promise<Armed> {
  const operation = options.operation ?? randomUUID();
  const ownJournal = options.journal === undefined;
  const journal = options.journal ?? (await Journal.open(node.name, options.stateDirectory));
  const channel = new GuardChannel(node);
  let begun = false;
  try {
    await settleEarlier(node, journal);
    const about = whoWeAre(operation, options.purpose ?? "");
    const { holder, host, purpose } = about;
    const { name, creation } = node;
    await journal.append(operation, {
      kind: "begin",
      ...{ node: name, creation, purpose, holder, host, guardian: GUARDIAN.sha256 },
    });
    begun = true;
    await mustBeFit(node);
    const lease = options.lease ?? 5_000;
    const started = await start(node, channel, about, {
      lease,
      cap: options.cap ?? 25_000,
      tombstone: options.tombstone ?? 600_000,
    });
    try {
      const { guard, epoch } = started;
      await journal.append(operation, { kind: "armed", guard, epoch });
    } catch (error) {
      await channel.request(started.guard, started.epoch, atom("disarm"), lease).catch(() => {});
      throw error;
    }
    return { operation, lease, journal, ownJournal, channel, ...started };
  } catch (error) {
    channel.end(error as Error);
    if (begun) {
      await journal
        .append(operation, { kind: "end", outcome: "disarmed", left: 0 })
        .catch(() => {});
    }
    if (ownJournal) await journal.close();
    throw error;
  }
}

/** An operation of an earlier life of the node has ended with it; one of this life must be recovered first. */
export async function settleEarlier(node: BeamNode, journal: Journal): Promise<void> {
  for (const { operation, creation, purpose, files } of journal.unfinished) {
    // Files outlast a restart.
    if (creation === node.creation || files.length > 0) {
      throw new UnfinishedOperationError(node.name, operation, purpose);
    }
    await journal.append(operation, { kind: "end", outcome: "restarted", left: 0 });
  }
}

interface About {
  readonly operation: string;
  readonly purpose: string;
  readonly holder: string;
  readonly host: string;
}

const LONGEST = 200;

export function whoWeAre(operation: string, purpose: string): About {
  return {
    operation: operation.slice(0, LONGEST),
    purpose: purpose.slice(0, LONGEST),
    holder: `${userName()} (process ${process.pid})`,
    host: hostname().slice(0, LONGEST),
  };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? "unknown"}`; // no entry in the password file
  }
}

async function start(
  node: BeamNode,
  channel: GuardChannel,
  about: About,
  { lease, cap, tombstone }: { lease: number; cap: number; tombstone: number },
): Promise<Pick<Armed, "guard" | "epoch" | "down" | "previous">> {
  const forms = await formsOf(node, GUARDIAN, { timeout: PATIENCE });
  const bindings = [
    tuple(atom("About"), new TermMap(Object.entries(about).map(([k, v]) => [atom(k), binary(v)]))),
    tuple(atom("Cap"), cap),
    tuple(atom("Ctl"), channel.pid),
    tuple(atom("Grace"), tombstone),
    tuple(atom("Lease"), lease),
  ];
  const first = channel.first(PATIENCE);
  first.catch(() => undefined); // when the spawn fails, that error is the one to tell
  const { pid, down } = await node.spawn("erl_eval", "exprs", [forms, bindings], {
    groupLeader: "user",
    timeout: PATIENCE,
  });
  // One that ends has told before; what it told may only wait in our mailbox yet.
  const silent = down.then(() => pause(ENDED, undefined, { ref: false }));
  const answer = await Promise.race([first, silent]);
  const [tag, ...rest] = answer?.items ?? [];
  if (tag === atom("held")) {
    const status = readStatus(rest[0]);
    const taken = status === undefined ? await nameTaken(node) : undefined;
    throw taken ?? new GuardHeldError(status, { node: node.name });
  }
  const [guard, epoch, previous] = rest;
  if (tag !== atom("armed") || !(guard instanceof Pid) || typeof epoch !== "number") {
    throw new GuardLostError("died", { node: node.name });
  }
  return { guard: pid, epoch, down, previous: readStatus(previous) };
}

/** Why a guardian cannot be reached, from the error of a request to it. */
export function whyUnreachable(error: unknown): string {
  const known: BeamError | undefined = isBeamError(error) ? error : undefined;
  return known instanceof TimeoutError ? "silent" : "link";
}

/** `[{What, Reason}]` as failures. */
export function failuresOf<T>(
  term: Term | undefined,
  read: (what: Term) => T,
): { what: T; reason: string }[] {
  if (!Array.isArray(term)) return [];
  return (term as readonly Term[]).flatMap((item) => {
    const [what, reason] = item instanceof Tuple ? item.items : [];
    const known = reason instanceof Atom ? reason.name : "unknown";
    return what === undefined ? [] : [{ what: read(what), reason: known }];
  });
}
