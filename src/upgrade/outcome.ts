/** After a failure: what the node is like now, asked of the node itself. */

import { setTimeout as delay } from "node:timers/promises";
import { isBeamError } from "../errors.ts";
import {
  initStatus,
  ReleaseHandlerError,
  type Remote,
  type RunningApplication,
  whichApplications,
  whichReleases,
} from "../otp/index.ts";
import { InstallRunningError, type NodeOutcome, UpgradeError } from "./errors.ts";
import type { Stage } from "./events.ts";
import type { Verified } from "./verify/verified.ts";

/** How often and how long (ms) the node is asked whether it restarts: it says so as soon as the release handler gave up. */
const ROUNDS = 5;
const PAUSE = 200;

/** A node that is silent is not asked for long: what it is like is not known then. */
const LIMIT = { timeout: 5_000 };

/** What is known when an upgrade has failed. */
export interface Failure {
  readonly stage: Stage;
  readonly error: unknown;
  /** Whether the release handler was asked to install: from then on the node may be changed, whatever stage failed. */
  readonly begun: boolean;
  /** The version that ran before, once it is known. */
  readonly from: string | undefined;
  /** The applications as they were when the install began, once it has. */
  readonly applications: readonly RunningApplication[] | undefined;
  /** Whether an instruction loaded modules, which has no undo. */
  readonly reloaded: boolean;
  /** What was verified, when it came so far. */
  readonly verified: Verified | undefined;
  /** What is left of the hold. */
  readonly left: "nothing" | "something" | "unknown";
}

/** The error to throw: the cause with the stage it came from and the state the node was left in. */
export async function failed(remote: Remote, failure: Failure): Promise<UpgradeError> {
  const { stage, error } = failure;
  const known = isBeamError(error) ? error : undefined;
  const outcome =
    error instanceof InstallRunningError ? "installing" : await outcomeOf(remote, failure);
  const message = error instanceof Error ? error.message : String(error);
  const now = NOW[outcome] ?? `the node is ${outcome}`;
  return new UpgradeError(stage, outcome, `${message} (${stage}; ${now})`, {
    node: remote.name,
    remedy:
      remedyOf(stage, outcome) ?? known?.remedy ?? (outcome === "changed" ? CHANGED : undefined),
    cause: error,
    findings: error instanceof UpgradeError ? error.findings : [],
    verified: failure.verified,
  });
}

const NOW: Readonly<Partial<Record<NodeOutcome, string>>> = {
  unknown: "nobody can tell its state",
  installing: "the node is still at it, and what was held stays held until it ends",
};

const REMEDIES: Readonly<Partial<Record<NodeOutcome, string>>> = {
  restarting: "It boots its permanent release: wait for it, then read its log for the cause.",
  suspended: "Run `beamctl recover` now: processes or acceptors still stand still.",
  installing:
    "Do not install again. The guardian on the node waits for its end and resumes then: `beamctl recover` waits with it and tells.",
  unknown:
    "The guardian on the node undoes what was held, or the node has restarted: `beamctl recover` tells, `beamctl release ls` what runs.",
};

const CHANGED =
  "The version that runs is not permanent: `beamctl release rollback` goes back, `beamctl release commit` keeps it, and a restart boots the former one.";

/** Before it runs the relup the release handler gives every application the version and the environment of the new release, and takes nothing back. */
const HALF_WAY =
  "The applications have the new release's versions and environment, not its code: mend the cause and run it again, or restart the node.";

function remedyOf(stage: Stage, outcome: NodeOutcome): string | undefined {
  return stage === "install" && outcome === "changed" ? HALF_WAY : REMEDIES[outcome];
}

async function outcomeOf(remote: Remote, failure: Failure): Promise<NodeOutcome> {
  const { begun } = failure;
  try {
    if (begun && (await restarts(remote))) return "restarting";
    if (failure.left === "something") return "suspended";
    if (failure.left === "unknown") return "unknown";
    if (!begun) return failure.reloaded ? "changed" : "unchanged";
    const running = (await whichReleases(remote, LIMIT)).filter(
      ({ status }) => status === "current" || status === "permanent",
    );
    const current = running.find(({ status }) => status === "current") ?? running[0];
    if (current?.version !== failure.from) return "changed";
    return same(failure.applications, await whichApplications(remote, LIMIT))
      ? "unchanged"
      : "changed";
  } catch {
    // It said that it failed, and went: that is what it does past its point of no return.
    const said = failure.error instanceof ReleaseHandlerError;
    return begun && said && failure.stage === "install" ? "restarting" : "unknown";
  }
}

function same(
  before: readonly RunningApplication[] | undefined,
  now: readonly RunningApplication[],
): boolean {
  const versions = new Map(now.map(({ name, version }) => [name, version]));
  return before?.every(({ name, version }) => versions.get(name) === version) ?? true;
}

async function restarts(remote: Remote): Promise<boolean> {
  for (let round = 0; round < ROUNDS; round++) {
    if ((await initStatus(remote, LIMIT)) !== "started") return true;
    await delay(PAUSE);
  }
  return false;
}
