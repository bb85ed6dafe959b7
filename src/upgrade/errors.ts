/** How an upgrade fails: what state the node was left in decides what the user does next. */

import { BeamError, type BeamErrorOptions } from "../errors.ts";
import type { Stage, UpgradeReport } from "./events.ts";
import type { Finding } from "./preflight/finding.ts";
import type { Verified } from "./verify/verified.ts";

/**
 * What the node is like after the failure: `unchanged` (still the old version, nothing suspended), `restarting` (the release
 * handler failed after its point of no return and restarts the node on its permanent release), `changed` (the new
 * version runs, yet something afterwards failed), `rolled back` (it failed afterwards and the former version runs again), `suspended` (something could
 * not be resumed), `installing` (the release handler is still at it: what was held stays held until it ends, and the guardian waits for that), `unknown`
 * (the link is lost, or the node has restarted).
 */
export type NodeOutcome =
  | "unchanged"
  | "restarting"
  | "changed"
  | "rolled back"
  | "suspended"
  | "installing"
  | "unknown";

/** An upgrade did not reach its end; `stage` says where, `outcome` what the node is like now. */
export class UpgradeError extends BeamError {
  readonly code = "BEAM_UPGRADE";
  readonly stage: Stage;
  readonly outcome: NodeOutcome;
  /** What the check found, the worst first, when it was the check that refused. */
  readonly findings: readonly Finding[];
  /** What was seen of an upgrade up to the failure. */
  report: UpgradeReport | undefined;
  /** What was verified, when it came so far. */
  readonly verified: Verified | undefined;

  constructor(
    stage: Stage,
    outcome: NodeOutcome,
    message: string,
    options: BeamErrorOptions & {
      findings?: readonly Finding[];
      verified?: Verified | undefined;
    } = {},
  ) {
    super(message, options);
    this.stage = stage;
    this.outcome = outcome;
    this.findings = options.findings ?? [];
    this.verified = options.verified;
  }
}

/** Our wait for an install is over and the release handler is still at it: nobody may resume anything now. */
export class InstallRunningError extends BeamError {
  readonly code = "BEAM_TIMEOUT";

  constructor(node: string, version: string, timeout: number, cause: unknown) {
    super(`the install of ${version} still runs after ${timeout} ms`, { node, cause });
  }
}
