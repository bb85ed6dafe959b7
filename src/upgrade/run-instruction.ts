/** One instruction by itself: what it depends on first, and what it changed given back at the end. */

import { randomUUID } from "node:crypto";
import { isBeamError } from "../errors.ts";
import { Guardian, leftOf } from "../guard/index.ts";
import {
  type Facts,
  type InstructionConfig,
  type InstructionContext,
  noFacts,
  type RunnableInstruction,
  SuspendChannels,
} from "../instructions/index.ts";
import type { BeamNode } from "../node/index.ts";
import { insertBeforePointOfNoReturn } from "../relup/index.ts";
import type { Term } from "../term/index.ts";
import { type BudgetOptions, staleWarning } from "./budget/budget.ts";
import { UpgradeError } from "./errors.ts";
import { Held } from "./held.ts";
import { budgetOfHold } from "./hold-channels.ts";
import { operationReport } from "./report/compose.ts";
import type { OperationFailure, OperationReport } from "./report/report.ts";
import { Stages } from "./stages.ts";
import { whenOver } from "./when-over.ts";

/** How an instruction is run. */
export interface RunInstructionOptions {
  readonly config: InstructionConfig;
  /** The modules that change, for the instructions about modules. Default none. */
  readonly changedModules?: readonly string[];
  /** Its argument, in place of the one that it makes itself. */
  readonly argument?: Term;
  /** How long, in milliseconds, what it changed stays so before it is given back. Default 0. */
  readonly hold?: number;
  /** The longest hold, and how much may wait for it; `hold` is refused when it is longer. */
  readonly budget?: BudgetOptions;
  /** Where journals are kept; default the user's state directory. */
  readonly stateDirectory?: string;
  /** Gets the lines for our output. Default: they go nowhere. */
  readonly log?: InstructionContext["log"];
  /** Gets what is printed as it is. Default: it goes nowhere. */
  readonly print?: InstructionContext["print"];
  readonly signal?: AbortSignal;
  /** Gets the report, also when the instruction fails. */
  readonly tell?: (report: OperationReport) => void;
}

/** What a run did. */
export interface InstructionRun {
  /** The instructions in the order they were run, dependencies first. */
  readonly ran: readonly string[];
  readonly facts: Facts;
  readonly report: OperationReport;
}

/** What the guardian grants beyond `hold` for the steps themselves, in milliseconds: within the hard budget, but for the time to give back. */
const SLACK = 20_000;
const GIVING_BACK = 5_000;

/**
 * Runs an instruction and before it all that it depends on. One that changes the node, by its place after the point of no return, runs under
 * a guardian; `hold` milliseconds later everything is given back, whatever happens.
 * @throws InstructionError when it aborts, UpgradeError when something could not be given back, and the guardian's errors
 * @example
 * import { runInstruction } from "beamctl";
 * import { DEFAULT_CONFIG, SuspendChannels } from "beamctl/instructions";
 *
 * const config = { ...DEFAULT_CONFIG, application: "shop" };
 * const { facts } = await runInstruction(node, SuspendChannels, { config, hold: 2_000 });
 * console.log(`${facts.suspended.length} channels stood still for two seconds`);
 */
export async function runInstruction(
  node: BeamNode,
  instruction: RunnableInstruction,
  options: RunInstructionOptions,
): Promise<InstructionRun> {
  const { config, log, print, tell } = options;
  const stages = new Stages((event) => {
    if (event.type === "log") log?.(event.level, event.text);
    else if (event.type === "print") print?.(event.text);
  });
  const run: Run = {
    node,
    instruction,
    options,
    stages,
    operation: randomUUID(),
    held: new Held(node, stages),
    facts: noFacts(),
    ran: [],
  };
  const [done] = await Promise.allSettled([order(run)]);
  stages.finish(done.status === "rejected" ? "failed" : "done");
  const { facts, ran, held, operation } = run;
  const report = operationReport({
    kind: "instruction",
    title: `instruction ${instruction.name}`,
    operation,
    node: node.name,
    timeline: stages.timeline,
    ...(await held.seen()),
    facts,
    acceptors: config.acceptors,
    findings: [],
    failure: done.status === "rejected" ? failureOf(done.reason) : undefined,
  });
  tell?.(report);
  if (done.status === "rejected") throw done.reason;
  return { ran, facts, report };
}

/** One run in hand. */
interface Run {
  readonly node: BeamNode;
  readonly instruction: RunnableInstruction;
  readonly options: RunInstructionOptions;
  readonly stages: Stages;
  readonly operation: string;
  readonly held: Held;
  readonly facts: Facts;
  readonly ran: string[];
}

/** All of it in order, with what changes the node under a guardian. */
async function order(run: Run): Promise<void> {
  const { node, instruction, options, stages, operation, held, facts } = run;
  const { config, hold = 0, stateDirectory, signal } = options;
  const steps = ordered(instruction);
  if (!steps.some(changesNode)) {
    await stages.in("check", async () => {
      for (const step of steps) await one(run, step, undefined);
    });
    return;
  }
  const suspend = steps.includes(SuspendChannels) ? config.suspend : undefined;
  const warning = suspend === undefined ? undefined : staleWarning(suspend);
  if (warning !== undefined) stages.log("warning", warning);
  const allowed = await budgetOfHold(node, suspend, hold, options.budget);
  const guardian = await stages.in("guard", () =>
    Guardian.arm(node, {
      operation,
      purpose: `instruction ${instruction.name}`,
      cap: Math.min(hold + SLACK, Math.max(allowed.hard, hold + GIVING_BACK)),
      ...(stateDirectory === undefined ? {} : { stateDirectory }),
    }),
  );
  const watch = held.begin(guardian, allowed, () => true);
  const work = stages.in("suspend", async () => {
    for (const step of steps) await one(run, step, changesNode(step) ? guardian : undefined);
    if (hold > 0) await whenOver(hold, [guardian.lost, signal, watch.cut]);
    guardian.lost.throwIfAborted();
  });
  const [done] = await Promise.allSettled([work]);
  const left = leftOf(await stages.in("resume", () => guardian.undo()));
  await held.end(facts);
  if (left !== "nothing") {
    throw notGivenBack(node, left, done.status === "rejected" ? done.reason : undefined);
  }
  if (done.status === "rejected") throw done.reason;
}

async function one(
  { node, instruction, options, stages, facts, ran }: Run,
  step: RunnableInstruction,
  guardian: Guardian | undefined,
): Promise<void> {
  const { config } = options;
  ran.push(step.name);
  const own = step === instruction ? options.argument : undefined;
  const args = own ?? step.arguments({ ...NO_LISTS, ...modules(options) }, config);
  const context: InstructionContext = {
    instruction: step.name,
    node,
    config,
    facts,
    signal: options.signal,
    guardian,
    duringInstall: false,
    log: (level, text) => stages.log(level, text),
    print: (text) => stages.print(text),
  };
  await stages.timeline.step(step.name, () => step.run(context, args));
}

function failureOf(error: unknown): OperationFailure {
  const known = isBeamError(error) ? error : undefined;
  const { stage, outcome } =
    error instanceof UpgradeError ? error : { stage: "suspend", outcome: "unchanged" };
  const message = error instanceof Error ? error.message : String(error);
  return { stage, outcome, message, remedy: known?.remedy ?? null };
}

/** What is left on the node weighs more than why the instruction failed. */
function notGivenBack(node: BeamNode, left: "something" | "unknown", cause: unknown): UpgradeError {
  const why = cause instanceof Error ? ` (${cause.message})` : "";
  const [outcome, text] =
    left === "something"
      ? (["suspended", "not everything that was held runs again"] as const)
      : (["unknown", "nobody can tell whether all that was held runs again"] as const);
  const options = { node: node.name, remedy: "Run `beamctl recover` now.", cause };
  return new UpgradeError("resume", outcome, `${text}${why}`, options);
}

const NO_LISTS = { upInstructions: [], downInstructions: [], upVersion: "", downVersion: "" };

function modules({ changedModules = [] }: RunInstructionOptions): {
  readonly changedModules: readonly string[];
} {
  return { changedModules };
}

/** What an instruction depends on, each once, before what needs it. */
function ordered(instruction: RunnableInstruction): RunnableInstruction[] {
  const found = new Set<RunnableInstruction>();
  const add = (one: RunnableInstruction) => {
    for (const needed of one.dependencies()) add(needed);
    found.add(one);
  };
  add(instruction);
  return [...found];
}

/** By where it stands: only what goes before the point of no return may run without a guardian. */
function changesNode({ insertWhere }: RunnableInstruction): boolean {
  return insertWhere !== insertBeforePointOfNoReturn;
}
