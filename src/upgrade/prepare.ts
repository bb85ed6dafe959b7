/** Before anything is touched: which way leads to the version, and what will be done on it. */

import {
  type InstructionConfig,
  type Instructions,
  LoadProtocols,
  PLANS,
  type PlanEntry,
  type PlanStep,
  plan,
  planWithin,
  RefreshEndpoints,
  settings,
  stepsOf,
  stepsWithin,
} from "../instructions/index.ts";
import type { Release, Remote } from "../otp/index.ts";
import { changedModules, partsOf, type RelupPath, readRelup } from "../relup/index.ts";
import { UpgradeError } from "./errors.ts";
import type { UpgradeOptions } from "./events.ts";
import { obstacles } from "./obstacles.ts";

/** What is decided by what the node has and what the user wants. */
export interface Prepared {
  readonly release: Release;
  readonly path: RelupPath;
  readonly config: InstructionConfig;
  /** The lists of both directions, with the plan's instructions among the relup's. */
  readonly instructions: Instructions;
  /** What is done from outside, in order. */
  readonly steps: readonly PlanStep[];
  /** The longest that the release handler may take to install, in milliseconds. */
  readonly installTimeout: number;
}

/**
 * Reads the relup that leads from this release to the version, and makes the plan. Read-only; the version must be unpacked.
 * @throws UpgradeError when the way cannot be gone: see {@link obstacles}
 * @throws RelupError when no relup leads there
 * @throws UsageError when the plan is not one
 */
export async function prepare(
  remote: Remote,
  release: Release,
  version: string,
  options: UpgradeOptions,
): Promise<Prepared> {
  const path = await readRelup(remote, release.version, version);
  const [obstacle] = obstacles(path, options, release.version, version);
  if (obstacle !== undefined) {
    const { what, cause, remedy } = obstacle;
    throw new UpgradeError("unpack", "unchanged", `${what}: ${cause}`, {
      node: remote.name,
      remedy,
      findings: [obstacle],
    });
  }
  return preparedOf(release, path, options);
}

/** The plan on a way that nothing stands in. */
export function preparedOf(release: Release, path: RelupPath, options: UpgradeOptions): Prepared {
  const config = configOf(release, options);
  const entries = entriesOf(options);
  const base = { ...path.both, changedModules: changedModules(path.instructions) };
  const within = options.inRelup === true;
  const instructions = (within ? planWithin : plan)(entries, base, config);
  const [list, own] =
    path.direction === "up"
      ? [instructions.upInstructions, base.upInstructions]
      : [instructions.downInstructions, base.downInstructions];
  const order = within ? stepsWithin : stepsOf;
  const { installTimeout = 300_000 } = options;
  return { release, path, config, instructions, installTimeout, steps: order(list, own, entries) };
}

/** What the plan is called in reports. */
export function planName({ plan: chosen = "edeliver" }: UpgradeOptions): string {
  return typeof chosen === "string" ? chosen : "custom";
}

/** A step as plans and reports show it. */
export function stepName(step: PlanStep): string {
  if (step.type === "run") return step.instruction.name;
  return step.type === "relup" ? partsOf(step.instruction).tag : step.type;
}

/** The plan's own; before them what comes first behind the relup, as clients still wait then. */
function entriesOf(options: UpgradeOptions): readonly PlanEntry[] {
  const { plan: chosen = "edeliver", loadProtocols = false, refreshEndpoints = false } = options;
  const own = typeof chosen === "string" ? PLANS[chosen] : chosen;
  const named = (one: PlanEntry) => own.includes(one);
  const first = [
    ...(loadProtocols ? [LoadProtocols] : []),
    ...(refreshEndpoints ? [RefreshEndpoints] : []),
  ].filter((one) => !named(one));
  return [...first, ...own];
}

function configOf(release: Release, options: UpgradeOptions): InstructionConfig {
  const { application = release.name, suspend, suspendTimeout, drainTimeout } = options;
  const { acceptors, listeners, notifyRequests } = options;
  const given = { suspend, suspendTimeout, drainTimeout, acceptors, listeners, notifyRequests };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return settings({ name: application, ...Object.fromEntries(set) });
}
