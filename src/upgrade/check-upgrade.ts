/** Whether an upgrade would be done, found out without doing anything. */

import type { CallOptions, Remote } from "../otp/index.ts";
import {
  type Direction,
  explainRelup,
  type RelupImpact,
  type RelupSummary,
} from "../relup/index.ts";
import type { UpgradeOptions } from "./events.ts";
import { findWay } from "./find-way.ts";
import { type PlanView, viewOf } from "./plan-upgrade.ts";
import {
  type Finding,
  givenOf,
  groundOf,
  preflight,
  preflightGround,
  type Reach,
} from "./preflight/index.ts";
import { preparedOf } from "./prepare.ts";

/** Options of {@link checkUpgrade}. */
export interface CheckUpgradeOptions extends UpgradeOptions {
  /** Links to another node of the cluster, does the work, and closes the link; then what each runs is told. Default: names only. */
  readonly reach?: Reach;
}

/** What a check of an upgrade came to. */
export interface UpgradeCheck {
  readonly node: string;
  /** The version that runs; `undefined` when the node runs no release. */
  readonly from: string | undefined;
  readonly to: string;
  /** What was found, the worst first. */
  readonly findings: readonly Finding[];
  /** Whether an upgrade with the same options would refuse to begin. */
  readonly refused: boolean;
  /** Where a relup leads to the version: */
  readonly way:
    | {
        readonly direction: Direction;
        /** The relup on the node. */
        readonly file: string;
        readonly summary: RelupSummary;
        /** Who would be touched now. */
        readonly impact: RelupImpact;
        /** `undefined` when the relup itself refuses. */
        readonly plan: PlanView | undefined;
      }
    | undefined;
}

/**
 * Checks whether the node's release can go to `version`: what `upgrade()` checks first, and who would be touched. Changes nothing; an
 * observer may. Versions that are unknown, not unpacked or without a way are findings, no errors. Safe on a busy production node: it
 * reads files, asks supervisors for their children, and looks at each process once per module that has old code.
 * @throws BeamError when the link is lost; UsageError when the plan is not one, or the version is no name of a folder
 * @example
 * import { checkUpgrade } from "beamctl";
 *
 * const { refused, findings } = await checkUpgrade(node, "0.2.0");
 * for (const { severity, code } of findings) console.log(severity, code);
 * if (refused) process.exitCode = 3;
 */
export async function checkUpgrade(
  remote: Remote,
  version: string,
  options: CheckUpgradeOptions = {},
): Promise<UpgradeCheck> {
  const { reach } = options;
  const call: CallOptions = options.signal === undefined ? {} : { signal: options.signal };
  const { running, path, findings: known } = await findWay(remote, version, options, call);
  const head = { node: remote.name, from: running?.version, to: version };
  if (running === undefined) return { ...head, ...judge(known), way: undefined };
  if (path === undefined) {
    const ground = await groundOf(remote, version, running, options, call, reach);
    return { ...head, ...judge(await preflightGround(ground, known)), way: undefined };
  }
  const given = await givenOf(remote, version, { release: running, path }, options, call, reach);
  const findings = await preflight(given, known);
  const { summary } = explainRelup(path.instructions);
  const prepared = known.length > 0 ? undefined : preparedOf(running, path, options);
  return {
    ...head,
    ...judge(findings),
    way: {
      direction: path.direction,
      file: path.file,
      summary,
      impact: await given.impact(),
      plan: prepared === undefined ? undefined : await viewOf(remote, prepared, version, options),
    },
  };
}

function judge(findings: readonly Finding[]): Pick<UpgradeCheck, "findings" | "refused"> {
  const refused = findings.some(({ severity }) => severity === "refusal" || severity === "danger");
  return { findings, refused };
}
