/** Runs the instructions of an upgrade, with what they have found handed from one to the next. */

import { type Guardian, GuardLostError } from "../guard/index.ts";
import {
  type Facts,
  type InstructionConfig,
  type InstructionContext,
  noFacts,
  type PlanStep,
} from "../instructions/index.ts";
import type { BeamNode } from "../node/index.ts";
import type { NodeLog } from "./node-log.ts";
import { type InstallProgress, type Stages, stageOf } from "./stages.ts";

/** When and how a step is run. */
export interface StepTime {
  /** The guardian: there after the point of no return. */
  readonly guardian?: Guardian | undefined;
  /** Whether it is a check that has been run before: what it finds is news only when it is bad. Default `false`. */
  readonly again?: boolean;
  /** Whether the release handler waits for it in the middle of an install. Default `false`. */
  readonly late?: boolean;
  /** Fires when there is no more time to wait for anything. Default never. */
  readonly cut?: AbortSignal | undefined;
}

/** The instructions of one upgrade, and the facts that they share. */
export class StepRunner {
  readonly facts: Facts = noFacts();
  readonly #node: BeamNode;
  readonly #signal: AbortSignal;
  readonly #stages: Stages;
  readonly #nodeLog: NodeLog | undefined;

  constructor(node: BeamNode, signal: AbortSignal, stages: Stages, nodeLog: NodeLog | undefined) {
    this.#node = node;
    this.#signal = signal;
    this.#stages = stages;
    this.#nodeLog = nodeLog;
  }

  /**
   * Runs one step; other than instructions it runs none.
   * @throws what the instruction throws. But not that the hold was lost in the middle of an install: that is a warning, since the node has given
   * all back by itself, and a failure there would restart it
   */
  async run(
    step: PlanStep,
    config: InstructionConfig,
    progress: InstallProgress,
    time: StepTime = {},
  ): Promise<void> {
    if (step.type !== "run") return;
    const { guardian, late = false } = time;
    const context = this.#context(step.instruction.name, config, time);
    const stages = this.#stages;
    const { name } = step.instruction;
    const work = () => stages.timeline.step(name, () => step.instruction.run(context, step.args));
    if (guardian !== undefined && !late) {
      await stages.in(stageOf(name, stages.current, progress), work);
      return;
    }
    try {
      if (late) guardian?.lost.throwIfAborted();
      await work();
    } catch (error) {
      if (!late || !(error instanceof GuardLostError)) throw error;
      context.log("warning", `${step.instruction.name}: the hold was lost, and all was given back`);
    }
  }

  #context(
    instruction: string,
    config: InstructionConfig,
    { guardian, again = false, late = false, cut }: StepTime,
  ): InstructionContext {
    return {
      instruction,
      node: this.#node,
      config,
      facts: this.facts,
      signal: cut === undefined ? this.#signal : AbortSignal.any([this.#signal, cut]),
      guardian,
      duringInstall: late,
      log: (level, text) => {
        const shown = again && level === "info" ? "debug" : level;
        this.#stages.log(shown, text);
        this.#nodeLog?.write(shown, `beamctl: ${text}`);
      },
      print: (text) => this.#stages.print(text),
    };
  }
}
