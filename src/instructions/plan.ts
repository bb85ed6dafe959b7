/** From instructions to the lists of an upgrade, and from such a list to what is done from outside, in order. */

import { UsageError } from "../errors.ts";
import { type Instruction, type Instructions, modifies, partsOf } from "../relup/index.ts";
import type { Term, Tuple } from "../term/index.ts";
import { inspect } from "../term/index.ts";
import { catalogueOf, instructionOf } from "./catalogue.ts";
import { CheckProcessesRunningOldCode } from "./check-processes-running-old-code.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { CheckRanchConnections } from "./check-ranch-connections.ts";
import type { InstructionConfig } from "./config.ts";
import { FinishRunningRequests } from "./finish-running-requests.ts";
import type { PlanStep, RelupModifier, RunnableInstruction } from "./instruction.ts";
import { RerunFailedRequests } from "./rerun-failed-requests.ts";
import { ResumeChannels } from "./resume-channels.ts";
import { ResumeRanchAcceptors } from "./resume-ranch-acceptors.ts";
import { type Section, StartSection } from "./start-section.ts";
import { SuspendChannels } from "./suspend-channels.ts";
import { SuspendRanchAcceptors } from "./suspend-ranch-acceptors.ts";

/** One thing of a plan: an instruction, or a function that changes the lists in its own way (`Sleep` for 5 seconds, a section). */
export type PlanEntry =
  | RelupModifier
  | ((instructions: Instructions, config: InstructionConfig) => Instructions);

/** edeliver's ritual for Phoenix, in its order. */
export const EDELIVER: readonly PlanEntry[] = [
  section("check"),
  CheckProcessesRunningOldCode,
  CheckRanchAcceptors,
  CheckRanchConnections,
  section("suspend"),
  SuspendRanchAcceptors,
  SuspendChannels,
  FinishRunningRequests,
  section("upgrade"),
  section("resume"),
  RerunFailedRequests,
  ResumeChannels,
  ResumeRanchAcceptors,
  section("finished"),
];

/** Nothing beyond what the relup itself suspends; only the check that loading kills nobody. */
export const MINIMAL: readonly PlanEntry[] = [CheckProcessesRunningOldCode];

/** The two plans by the names that users give. */
export const PLANS: Readonly<Record<"edeliver" | "minimal", readonly PlanEntry[]>> = {
  edeliver: EDELIVER,
  minimal: MINIMAL,
};

/**
 * The lists with each entry's instructions in them: it goes where its `insertWhere` says, in the order given.
 * @throws UsageError when an instruction would run before one it depends on, or without it, in either list
 * @example
 * import { DEFAULT_CONFIG, MINIMAL, plan } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const list = [atom("point_of_no_return"), tuple(atom("load_module"), atom("Elixir.Shop.Page"))];
 * const [upVersion, downVersion, changedModules] = ["0.2.0", "0.1.0", ["Elixir.Shop.Page"]];
 * const relup = { upInstructions: list, downInstructions: list, upVersion, downVersion, changedModules };
 * const config = { ...DEFAULT_CONFIG, application: "shop" };
 * plan(MINIMAL, relup, config).upInstructions.length; // => 3
 */
export function plan(
  entries: readonly PlanEntry[],
  instructions: Instructions,
  config: InstructionConfig,
): Instructions {
  const result = entries.reduce(
    (lists, entry) =>
      typeof entry === "function" ? entry(lists, config) : entry.modifyRelup(lists, config),
    instructions,
  );
  const catalogue = catalogueOf(runnableOf(entries));
  const { upInstructions, downInstructions } = instructions;
  checkDependencies(result.upInstructions, new Set(upInstructions), catalogue);
  checkDependencies(result.downInstructions, new Set(downInstructions), catalogue);
  return result;
}

/**
 * What is done from outside for a list, in order: our instructions before and after the install, which is all that the relup itself holds. Its
 * own `{suspend, _}`, which it may do first, comes after ours then: better than in edeliver, whose acceptors still run at that time.
 * @param own the relup's own instructions: the very terms, since a relup may hold edeliver's too, which the node runs
 * @throws UsageError when one of ours stands between two that modify code, processes or applications, or when the plan changes the relup's
 * own or adds what is no instruction of ours: only a relup itself can do that
 * @example
 * import { DEFAULT_CONFIG, MINIMAL, plan, stepsOf } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const list = [atom("point_of_no_return"), tuple(atom("load_module"), atom("Elixir.Shop.Page"))];
 * const [upVersion, downVersion, changedModules] = ["0.2.0", "0.1.0", ["Elixir.Shop.Page"]];
 * const relup = { upInstructions: list, downInstructions: list, upVersion, downVersion, changedModules };
 * const config = { ...DEFAULT_CONFIG, application: "shop" };
 * const { upInstructions } = plan(MINIMAL, relup, config);
 * stepsOf(upInstructions, list, MINIMAL).map(({ type }) => type); // => [ 'run', 'point_of_no_return', 'install', 'verify' ]
 */
export function stepsOf(
  list: readonly Instruction[],
  own: readonly Instruction[],
  entries: readonly PlanEntry[],
): readonly PlanStep[] {
  const catalogue = catalogueOf(runnableOf(entries));
  const relups = new Set(own);
  const steps: PlanStep[] = [];
  const lastOwn = list.findLastIndex((one) => relups.has(one));
  let installed = false;
  let begun = false;
  for (const [index, one] of list.entries()) {
    const instruction = relups.has(one) ? undefined : instructionOf(one, catalogue);
    if (instruction === undefined) {
      if (!relups.has(one)) throw foreign(one);
      if (partsOf(one).tag === "point_of_no_return") {
        steps.push({ type: "point_of_no_return" });
        begun = true;
        installed = index === lastOwn;
        if (installed) steps.push({ type: "install" });
      } else if (begun && !installed && index === lastOwn) {
        installed = true;
        steps.push({ type: "install" });
      }
      continue;
    }
    if (begun && !installed && list.slice(0, index).some(modifies)) {
      throw new UsageError(`${instruction.name} stands between instructions of the relup itself`, {
        remedy:
          "From outside it can run before or after them; have the relup call us (`--in-relup`).",
      });
    }
    steps.push({ type: "run", instruction, args: argumentOf(one) });
  }
  return [...steps, { type: "verify" }];
}

/** The node's relup is not written from outside, so this would silently not be done. */
function foreign(instruction: Instruction): UsageError {
  const shown = inspect(instruction, { syntax: "erlang", limit: 10 });
  return new UsageError(`${shown} is in the plan, but not in the relup on the node`, {
    remedy:
      "Name the instruction in the plan, have the relup call us (`--in-relup`), or write the relup first, as `beamctl relup soft-purge` does.",
  });
}

/**
 * As {@link stepsOf}, for a relup that calls us: ours stay among its own, wherever they are.
 * @example
 * import { DEFAULT_CONFIG, MINIMAL, planWithin, stepsWithin } from "beamctl/instructions";
 * import { atom, tuple } from "beamctl/term";
 *
 * const list = [atom("point_of_no_return"), tuple(atom("load_module"), atom("Elixir.Shop.Page"))];
 * const [upVersion, downVersion, changedModules] = ["0.2.0", "0.1.0", ["Elixir.Shop.Page"]];
 * const relup = { upInstructions: list, downInstructions: list, upVersion, downVersion, changedModules };
 * const config = { ...DEFAULT_CONFIG, application: "shop" };
 * const { upInstructions } = planWithin(MINIMAL, relup, config);
 * stepsWithin(upInstructions, list, MINIMAL).map(({ type }) => type); // => [ 'run', 'point_of_no_return', 'relup', 'verify' ]
 */
export function stepsWithin(
  list: readonly Instruction[],
  own: readonly Instruction[],
  entries: readonly PlanEntry[],
): readonly PlanStep[] {
  const catalogue = catalogueOf(runnableOf(entries));
  const relups = new Set(own);
  const steps = list.map((one): PlanStep => {
    const ours = relups.has(one) ? undefined : instructionOf(one, catalogue);
    if (ours !== undefined) return { type: "run", instruction: ours, args: argumentOf(one) };
    return partsOf(one).tag === "point_of_no_return"
      ? { type: "point_of_no_return" }
      : { type: "relup", instruction: one };
  });
  return [...steps, { type: "verify" }];
}

/**
 * The steps before the point of no return: they only look, and run at check time and again at install time.
 * @example
 * import { checks, type PlanStep } from "beamctl/instructions";
 *
 * const steps: PlanStep[] = [{ type: "point_of_no_return" }, { type: "install" }, { type: "verify" }];
 * checks(steps); // => []
 */
export function checks(steps: readonly PlanStep[]): readonly PlanStep[] {
  return steps.slice(0, pointOfNoReturn(steps));
}

/**
 * The steps after the point of no return, in order.
 * @example
 * import { changes, type PlanStep } from "beamctl/instructions";
 *
 * const steps: PlanStep[] = [{ type: "point_of_no_return" }, { type: "install" }, { type: "verify" }];
 * changes(steps); // => [ { type: 'install' }, { type: 'verify' } ]
 */
export function changes(steps: readonly PlanStep[]): readonly PlanStep[] {
  return steps.slice(pointOfNoReturn(steps) + 1);
}

function pointOfNoReturn(steps: readonly PlanStep[]): number {
  return steps.findIndex((step) => step.type === "point_of_no_return");
}

function section(name: Section): PlanEntry {
  return (instructions, config) => StartSection.modifyRelup(instructions, config, name);
}

/** The user's own among the entries. */
export function runnableOf(entries: readonly PlanEntry[]): RunnableInstruction[] {
  return entries.flatMap((entry) =>
    typeof entry === "object" && "module" in entry ? [entry as RunnableInstruction] : [],
  );
}

/** The one argument of `{apply, {Module, run, [Argument]}}`. */
function argumentOf(call: Instruction): Term {
  const [, , args] = (partsOf(call).args[0] as Tuple).items;
  if (Array.isArray(args) && args.length === 1) return args[0] as Term;
  throw new UsageError(`${inspect(call, { limit: 10 })} has not one argument`, {
    remedy: "Make it with the instruction's callThis.",
  });
}

function checkDependencies(
  list: readonly Instruction[],
  relups: ReadonlySet<Instruction>,
  catalogue: ReadonlyMap<string, RunnableInstruction>,
): void {
  const before = new Set<string>();
  for (const one of list) {
    const instruction = relups.has(one) ? undefined : instructionOf(one, catalogue);
    if (instruction === undefined) continue;
    const missing = instruction.dependencies().find(({ module }) => !before.has(module));
    if (missing !== undefined) {
      throw new UsageError(`${instruction.name} needs ${missing.name} before it in the plan`, {
        remedy: `Put ${missing.name} into the plan, in front of ${instruction.name}.`,
      });
    }
    before.add(instruction.module);
  }
}
