/** One instruction by itself: what it depends on first, and what it changed given back at the end. */

import { setTimeout as delay } from "node:timers/promises";
import { Guardian, leftOf } from "../guard/index.ts";
import {
  type Facts,
  type InstructionConfig,
  type InstructionContext,
  noFacts,
  type RunnableInstruction,
} from "../instructions/index.ts";
import type { BeamNode } from "../node/index.ts";
import { insertBeforePointOfNoReturn } from "../relup/index.ts";
import type { Term } from "../term/index.ts";
import { UpgradeError } from "./errors.ts";

/** How an instruction is run. */
export interface RunInstructionOptions {
  readonly config: InstructionConfig;
  /** The modules that change, for the instructions about modules. Default none. */
  readonly changedModules?: readonly string[];
  /** Its argument, in place of the one that it makes itself. */
  readonly argument?: Term;
  /** How long, in milliseconds, what it changed stays so before it is given back. Default 0. */
  readonly hold?: number;
  /** Where journals are kept; default the user's state directory. */
  readonly stateDirectory?: string;
  readonly log?: InstructionContext["log"];
  readonly print?: InstructionContext["print"];
  readonly signal?: AbortSignal;
}

/** What a run did. */
export interface InstructionRun {
  /** The instructions in the order they were run, dependencies first. */
  readonly ran: readonly string[];
  readonly facts: Facts;
}

/** What the guardian grants beyond `hold`, in milliseconds. */
const SLACK = 20_000;

/**
 * Runs an instruction and before it all that it depends on. One that changes the node, by its place after the point of no return, runs under
 * a guardian; `hold` milliseconds later everything is given back, whatever happens.
 * @throws InstructionError when it aborts, UpgradeError when something could not be given back, and the guardian's errors
 */
export async function runInstruction(
  node: BeamNode,
  instruction: RunnableInstruction,
  options: RunInstructionOptions,
): Promise<InstructionRun> {
  const { config, hold = 0, stateDirectory, signal } = options;
  const order = ordered(instruction);
  const facts = noFacts();
  const ran: string[] = [];
  const one = async (step: RunnableInstruction, guardian: Guardian | undefined) => {
    ran.push(step.name);
    const own = step === instruction ? options.argument : undefined;
    const args = own ?? step.arguments({ ...NO_LISTS, ...modules(options) }, config);
    const context: InstructionContext = {
      instruction: step.name,
      node,
      config,
      facts,
      signal,
      guardian,
      duringInstall: false,
      log: options.log ?? (() => undefined),
      print: options.print ?? (() => undefined),
    };
    await step.run(context, args);
  };
  if (!order.some(changesNode)) {
    for (const step of order) await one(step, undefined);
    return { ran, facts };
  }
  const guardian = await Guardian.arm(node, {
    purpose: `instruction ${instruction.name}`,
    cap: hold + SLACK,
    ...(stateDirectory === undefined ? {} : { stateDirectory }),
  });
  const work = async () => {
    for (const step of order) await one(step, changesNode(step) ? guardian : undefined);
    const stop = AbortSignal.any([guardian.lost, ...(signal === undefined ? [] : [signal])]);
    if (hold > 0) await delay(hold, undefined, { signal: stop }).catch(() => undefined);
    guardian.lost.throwIfAborted();
  };
  const [done] = await Promise.allSettled([work()]);
  const left = leftOf(await guardian.undo());
  if (left !== "nothing") {
    throw notGivenBack(node, left, done.status === "rejected" ? done.reason : undefined);
  }
  if (done.status === "rejected") throw done.reason;
  return { ran, facts };
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
