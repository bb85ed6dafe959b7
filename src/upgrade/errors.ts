/** How an upgrade fails: what state the node was left in decides what the user does next. */

import { BeamError, type BeamErrorOptions } from "../errors.ts";
import type { Stage, UpgradeReport } from "./events.ts";
import type { Finding } from "./preflight/finding.ts";

/**
 * What the node is like after the failure: `unchanged` (still the old version, nothing suspended), `restarting` (the release
 * handler failed after its point of no return and restarts the node on its permanent release), `changed` (the new
 * version runs, yet something afterwards failed), `suspended` (something could not be resumed), `unknown` (the link is lost).
 */
export type NodeOutcome = "unchanged" | "restarting" | "changed" | "suspended" | "unknown";

/** An upgrade did not reach its end; `stage` says where, `outcome` what the node is like now. */
export class UpgradeError extends BeamError {
  readonly code = "BEAM_UPGRADE";
  readonly stage: Stage;
  readonly outcome: NodeOutcome;
  /** What the check found, the worst first, when it was the check that refused. */
  readonly findings: readonly Finding[];
  /** What was seen of an upgrade up to the failure. */
  report: UpgradeReport | undefined;

  constructor(
    stage: Stage,
    outcome: NodeOutcome,
    message: string,
    options: BeamErrorOptions & { findings?: readonly Finding[] } = {},
  ) {
    super(message, options);
    this.stage = stage;
    this.outcome = outcome;
    this.findings = options.findings ?? [];
  }
}
