/** The report of an upgrade, from what was planned and what was seen. */

import type { Guardian } from "../guard/index.ts";
import type { Facts } from "../instructions/index.ts";
import type { HoldWatch } from "./budget/watch.ts";
import type { UpgradeError } from "./errors.ts";
import type { UpgradeOptions, UpgradeReport } from "./events.ts";
import type { Finding } from "./preflight/index.ts";
import { type Prepared, planName, stepName } from "./prepare.ts";
import { operationReport } from "./report/compose.ts";
import type { Look } from "./report/look.ts";
import type { Timeline } from "./report/timeline.ts";

/** What an upgrade has seen of itself. Times are in milliseconds. */
export interface Seen {
  readonly operation: string;
  readonly node: string;
  /** The version that ran, once it is known, and the one that was wanted. */
  readonly from: string | undefined;
  readonly version: string;
  readonly timeline: Timeline;
  readonly guardian: Guardian | undefined;
  readonly watch: HoldWatch | undefined;
  readonly look: Look | undefined;
  readonly findings: readonly Finding[];
  readonly facts: Facts;
  readonly installMs: number;
  readonly verifiedModules: number;
  readonly error?: UpgradeError;
}

/** The report of an upgrade that came to its end, or that was only planned, or that failed: then perhaps before anything was prepared. */
export function reportOf(
  prepared: Prepared | undefined,
  options: UpgradeOptions,
  { version, installMs, verifiedModules, error, ...seen }: Seen,
): UpgradeReport {
  const { facts } = seen;
  const { suspendedAt, resumedAt } = facts;
  const dryRun = options.dryRun === true;
  const direction = prepared?.path.direction ?? options.direction ?? "up";
  const kind = direction === "up" ? "upgrade" : "downgrade";
  const from = prepared?.release.version ?? seen.from ?? "";
  const release = prepared?.release.name ?? "";
  const done = !dryRun && error === undefined;
  const noted = operationReport({
    ...seen,
    kind,
    title: `${kind} of ${release || "the release"} ${from || "?"} → ${version}`,
    planned: dryRun,
    acceptors: options.acceptors ?? "hold",
    failure: error && {
      stage: error.stage,
      outcome: error.outcome,
      message: error.message,
      remedy: error.remedy ?? null,
    },
    findings: seen.findings.length > 0 ? seen.findings : (error?.findings ?? []),
  });
  return {
    ...noted,
    kind,
    release,
    from,
    to: version,
    direction,
    plan: planName(options),
    dryRun,
    permanent: done && (options.permanent ?? true),
    steps: prepared?.steps.map(stepName) ?? [],
    suspended: facts.suspended.length,
    held: facts.heldAcceptors,
    pauseMs: suspendedAt === undefined || resumedAt === undefined ? 0 : resumedAt - suspendedAt,
    installMs,
    leftSuspended: noted.counts.left ?? 0,
    verifiedModules,
  };
}
