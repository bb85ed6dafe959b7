/** The stages of one run: which is on, and the events they make. */

import type { LogLevel } from "../instructions/index.ts";
import type { Budget } from "./budget/budget.ts";
import type { Watched } from "./budget/watch.ts";
import { STAGES, type Stage, type UpgradeEvent } from "./events.ts";
import type { Finding } from "./preflight/finding.ts";
import { Timeline } from "./report/timeline.ts";

/** Keeps the stage in hand and emits its start, its end and its lines. A stage that is entered again starts once. */
export class Stages {
  /** When each of it happened. */
  readonly timeline: Timeline = new Timeline();
  readonly #emit: (event: UpgradeEvent) => void;
  #current: Stage = "unpack";
  #open = false;

  constructor(emit: (event: UpgradeEvent) => void) {
    this.#emit = emit;
  }

  get current(): Stage {
    return this.#current;
  }

  /** Runs `work` as (a part of) this stage. */
  async in<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    if (stage !== this.#current || !this.#open) {
      this.#end("done");
      this.#current = stage;
      this.#open = true;
      this.timeline.begin(stage);
      this.#event("start");
    }
    try {
      return await work();
    } catch (error) {
      this.#end("failed");
      throw error;
    }
  }

  /** The rest from this stage on is not done. */
  skipRest(from: Stage): void {
    this.#end("done");
    for (const stage of STAGES.slice(STAGES.indexOf(from))) {
      this.#emit({ type: "stage", stage, state: "skipped", at: Date.now() });
    }
  }

  log(level: LogLevel, text: string): void {
    this.timeline.log(level, text);
    this.#emit({ type: "log", stage: this.#current, level, text, at: Date.now() });
  }

  finding(finding: Finding): void {
    this.#emit({ type: "finding", stage: this.#current, finding, at: Date.now() });
  }

  /** What is allowed, and, once something is held, what it has come to. */
  budget({ soft, hard, expected }: Budget, { held, queues }: Watched): void {
    const { max, sum } = queues ?? { max: 0, sum: 0 };
    const queue = queues === undefined ? undefined : { max, sum };
    const stage = this.#current;
    this.#emit({ type: "budget", stage, soft, hard, expected, held, queue, at: Date.now() });
  }

  print(text: string): void {
    this.#emit({ type: "print", stage: this.#current, text, at: Date.now() });
  }

  plan(steps: readonly string[]): void {
    this.#emit({ type: "plan", steps, at: Date.now() });
  }

  /** Closes the stage in hand. */
  finish(state: "done" | "failed"): void {
    this.#end(state);
  }

  #end(state: "done" | "failed"): void {
    if (!this.#open) return;
    this.#open = false;
    this.timeline.end(state);
    this.#event(state);
  }

  #event(state: "start" | "done" | "failed"): void {
    this.#emit({ type: "stage", stage: this.#current, state, at: Date.now() });
  }
}

/** How far the install is. */
export type InstallProgress = "ahead" | "begun" | "done";

/** The stage that an instruction belongs to; lines and waits belong to the one in hand, and after the install all else to `resume`. */
export function stageOf(name: string, current: Stage, progress: InstallProgress): Stage {
  if (name === "Info" || name === "Sleep") return current;
  if (progress === "done") return "resume";
  if (name.startsWith("Suspend")) return "suspend";
  return name.startsWith("Resume") || name === "RerunFailedRequests" ? "resume" : "drain";
}
