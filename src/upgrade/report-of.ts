/** The report of an upgrade, from what was planned and what was seen. */

import type { Facts } from "../instructions/index.ts";
import type { UpgradeOptions, UpgradeReport } from "./events.ts";
import type { Finding } from "./preflight/index.ts";
import { type Prepared, planName, stepName } from "./prepare.ts";
import type { Verified } from "./verify/verified.ts";

/** What an upgrade has seen of itself. Times are in milliseconds. */
export interface Seen {
  readonly operation: string;
  readonly node: string;
  readonly version: string;
  readonly findings: readonly Finding[];
  readonly facts: Facts;
  readonly installMs: number;
  readonly verified: Verified;
}

/** The report of an upgrade that came to its end, or that was only planned. */
export function reportOf(
  { release, path, steps }: Prepared,
  options: UpgradeOptions,
  { operation, node, version, findings, facts, installMs, verified }: Seen,
): UpgradeReport {
  const { suspendedAt, resumedAt } = facts;
  const dryRun = options.dryRun === true;
  return {
    operation,
    node,
    release: release.name,
    from: release.version,
    to: version,
    direction: path.direction,
    plan: planName(options),
    dryRun,
    permanent: !dryRun && (options.permanent ?? true),
    steps: steps.map(stepName),
    findings,
    suspended: facts.suspended.length,
    held: facts.heldAcceptors,
    pauseMs: suspendedAt === undefined || resumedAt === undefined ? 0 : resumedAt - suspendedAt,
    installMs,
    leftSuspended: 0,
    verified,
  };
}
