/** What an upgrade would do, without doing it. */

import { checks, type Instructions, type PlanStep } from "../instructions/index.ts";
import { type Remote, whichReleases } from "../otp/index.ts";
import type { Direction } from "../relup/index.ts";
import type { Term } from "../term/index.ts";
import { budgetFor } from "./budget/allow.ts";
import type { Budget } from "./budget/budget.ts";
import { UpgradeError } from "./errors.ts";
import type { UpgradeOptions } from "./events.ts";
import { type Prepared, planName, prepare, stepName } from "./prepare.ts";
import { runningRelease } from "./versions.ts";

/** A plan to look at. */
export interface PlanView {
  readonly from: string;
  readonly to: string;
  readonly direction: Direction;
  /** The relup on the node that it was made from. */
  readonly file: string;
  /** `edeliver`, `minimal` or `custom`. */
  readonly plan: string;
  /** How long the hold may last, and will, roughly. */
  readonly budget: Budget;
  /** What is done from outside, in order. */
  readonly steps: readonly PlanViewStep[];
  /** The lists of both directions, the relup's own instructions with ours among them. */
  readonly instructions: Instructions;
}

/** A step of it. */
export interface PlanViewStep {
  /**
   * `check`: only looks, and runs twice. `before` and `after`: changes the node, under a guardian, around the `install`. The point of no
   * return itself is a `mark`: what fails before it leaves the node as it is.
   */
  readonly part: "check" | "mark" | "before" | "install" | "after";
  readonly name: string;
  /** What the instruction is given, or all of one of the relup's own. */
  readonly argument: Term | undefined;
}

/**
 * The plan of an upgrade or downgrade to a version that is unpacked. Read-only; an observer may. Takes the options of `upgrade()` that decide
 * what is done.
 * @throws UpgradeError RelupError UsageError as `upgrade()` does before anything is touched
 * @example
 * import { planUpgrade } from "beamctl";
 *
 * const { from, to, steps } = await planUpgrade(node, "0.2.0", { plan: "minimal" });
 * console.log(from, to, steps.map(({ part, name }) => `${part}: ${name}`));
 */
export async function planUpgrade(
  remote: Remote,
  version: string,
  options: UpgradeOptions = {},
): Promise<PlanView> {
  if (!(await whichReleases(remote)).some((known) => known.version === version)) {
    throw new UpgradeError("unpack", "unchanged", `${version} is not unpacked on the node`, {
      node: remote.name,
      remedy: `\`beamctl release unpack ${version}\` unpacks it, and changes nothing else.`,
    });
  }
  const release = await runningRelease(remote);
  return viewOf(remote, await prepare(remote, release, version, options), version, options);
}

/** A prepared upgrade as it is shown. */
export async function viewOf(
  remote: Remote,
  prepared: Prepared,
  version: string,
  options: UpgradeOptions,
): Promise<PlanView> {
  const { release, path, instructions, steps } = prepared;
  const looking = new Set(checks(steps));
  let installed = false;
  const partOf = (step: PlanStep): PlanViewStep["part"] => {
    if (step.type === "point_of_no_return") return "mark";
    if (step.type === "relup") return "install";
    if (step.type === "verify") return "after";
    if (step.type !== "run") {
      installed = true;
      return "install";
    }
    if (looking.has(step)) return "check";
    if (options.inRelup === true) return "install";
    return installed ? "after" : "before";
  };
  return {
    from: release.version,
    to: version,
    direction: path.direction,
    file: path.file,
    plan: planName(options),
    budget: await budgetFor(remote, prepared, options.budget),
    steps: steps.map((step) => ({
      part: partOf(step),
      name: stepName(step),
      argument: argumentOf(step),
    })),
    instructions,
  };
}

function argumentOf(step: PlanStep): Term | undefined {
  if (step.type === "relup") return step.instruction;
  return step.type === "run" ? step.args : undefined;
}
