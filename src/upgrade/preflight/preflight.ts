/** All checks of an upgrade, and what comes of what they find. Read-only. */

import { type ErrorCode, isBeamError } from "../../errors.ts";
import { UpgradeError } from "../errors.ts";
import type { UpgradeOptions } from "../events.ts";
import { beams } from "./beams.ts";
import { bootFiles } from "./boot-files.ts";
import { changes } from "./changes.ts";
import { cluster } from "./cluster.ts";
import { codePaths } from "./code-paths.ts";
import { configuration } from "./configuration.ts";
import { controllers } from "./controllers.ts";
import { disk } from "./disk.ts";
import { ephemeral } from "./ephemeral.ts";
import { type Finding, SEVERITIES } from "./finding.ts";
import type { Check, Given, Ground } from "./given.ts";
import { handlerFiles } from "./handler-files.ts";
import { heldFuns } from "./held-funs.ts";
import { instructions } from "./instructions.ts";
import { libraries } from "./libraries.ts";
import { migrations } from "./migrations.ts";
import { oldCode } from "./old-code.ts";
import { protocols } from "./protocols.ts";
import { restarts } from "./restarts.ts";
import { staticAssets } from "./static-manifest.ts";
import { structs } from "./structs.ts";
import { supervisors } from "./supervisors.ts";
import { suspended } from "./suspended.ts";

/** What can be seen of the node whether a way leads to the version or not. */
const GROUND_CHECKS: readonly Check<Ground>[] = [
  handlerFiles,
  bootFiles,
  disk,
  controllers,
  ephemeral,
  cluster,
];

const CHECKS: readonly Check[] = [
  libraries,
  configuration,
  instructions,
  beams,
  changes,
  codePaths,
  supervisors,
  suspended,
  oldCode,
  restarts,
  protocols,
  staticAssets,
  migrations,
  heldFuns,
  structs,
  ...GROUND_CHECKS,
];

/** Errors of a question, not of the link: the other checks go on. */
const BLIND: readonly ErrorCode[] = ["BEAM_TIMEOUT", "BEAM_REMOTE", "BEAM_DECODE", "BEAM_LIMIT"];

/**
 * Asks the node everything that the release handler's own check passes over. Nothing on the node changes; what a check cannot see is a
 * warning of its own.
 * @param known what was found before
 * @returns all that was found, the worst first
 * @throws BeamError when the link is lost
 */
export async function preflight(given: Given, known: readonly Finding[] = []): Promise<Finding[]> {
  const found = [...known];
  for (const check of CHECKS) found.push(...(await look(check, given)));
  return judged(found, given.options);
}

/** As {@link preflight}, where no way leads to the version: what can be seen all the same. */
export async function preflightGround(
  ground: Ground,
  known: readonly Finding[],
): Promise<Finding[]> {
  const found = [...known];
  for (const check of GROUND_CHECKS) found.push(...(await look(check, ground)));
  return judged(found, ground.options);
}

/** With the accepted dangers as warnings, and the worst first. */
function judged(found: readonly Finding[], { accept = [] }: UpgradeOptions): Finding[] {
  const rank = ({ severity }: Finding) => SEVERITIES.indexOf(severity);
  return found
    .map((finding) =>
      isAccepted(finding, accept) ? { ...finding, severity: "warning" as const } : finding,
    )
    .toSorted((left, right) => rank(left) - rank(right));
}

/** @throws UpgradeError with all that stands in the way, when something does */
export function refuse(node: string, findings: readonly Finding[]): void {
  const [first, ...more] = findings.filter(
    ({ severity }) => severity === "refusal" || severity === "danger",
  );
  if (first === undefined) return;
  const all = [first, ...more].map(({ what, cause }) => `${what}: ${cause}`).join("; and ");
  const accept = [first, ...more].every(({ severity }) => severity === "danger")
    ? ` To do it all the same: --accept ${[...new Set([first, ...more].map(({ code }) => code))].join(" ")}`
    : "";
  throw new UpgradeError("check", "unchanged", all, {
    node,
    remedy: `${first.remedy}${accept}`,
    findings,
  });
}

function isAccepted({ code, severity }: Finding, accept: readonly string[]): boolean {
  return severity === "danger" && accept.includes(code);
}

async function look<Of>(check: Check<Of>, given: Of): Promise<readonly Finding[]> {
  try {
    return await check.find(given);
  } catch (error) {
    if (!isBeamError(error) || !BLIND.includes(error.code)) throw error;
    return [
      {
        code: "not-looked-at",
        severity: "warning",
        what: `${check.name} could not be looked at: ${error.message}`,
        cause: "what it would have found is not known",
        remedy: "Look at the node's load and log, and check again.",
        about: [check.name],
      },
    ];
  }
}
