/** What an operation holds: under a guardian, watched, and looked at once more when it has been given back. */

import type { Guardian, GuardOptions } from "../guard/index.ts";
import type { Facts } from "../instructions/index.ts";
import type { BeamNode } from "../node/index.ts";
import type { Budget } from "./budget/budget.ts";
import { HoldWatch } from "./budget/watch.ts";
import { guarded, type Left } from "./guarded.ts";
import { AfterResume, type Look } from "./report/look.ts";
import type { Stages } from "./stages.ts";

/** How a hold is done. */
export interface HoldPlan {
  readonly guard: GuardOptions;
  readonly budget: Budget;
  readonly facts: Facts;
  /** Whether all may be given back now: not since an install began. */
  readonly mayStop: () => boolean;
}

/** One hold, or none yet. */
export class Held {
  guardian: Guardian | undefined;
  watch: HoldWatch | undefined;
  /** What is left of it, as far as anybody can tell. */
  left: Left = "nothing";
  readonly #node: BeamNode;
  readonly #stages: Stages;
  #after: AfterResume | undefined;

  constructor(node: BeamNode, stages: Stages) {
    this.#node = node;
    this.#stages = stages;
  }

  /** Arms a guardian, does `work`, and has all given back: see {@link guarded}. */
  async during(
    { guard, budget, facts, mayStop }: HoldPlan,
    work: (guardian: Guardian) => Promise<void>,
  ): Promise<void> {
    const tell = (left: Left) => {
      this.left = left;
    };
    try {
      await guarded(this.#node, this.#stages, guard, tell, async (guardian) => {
        this.begin(guardian, budget, mayStop);
        await work(guardian);
      });
    } finally {
      await this.end(facts);
    }
  }

  /** From now on this guardian's hold is watched: for those who arm it themselves. */
  begin(guardian: Guardian, budget: Budget, mayStop: () => boolean): HoldWatch {
    const stages = this.#stages;
    this.guardian = guardian;
    this.watch = new HoldWatch({
      guardian,
      budget,
      timeline: stages.timeline,
      mayStop,
      tell: (watched) => stages.budget(budget, watched),
      warn: (text) => stages.log("warning", text),
    });
    return this.watch;
  }

  /** The hold has been given back. */
  async end(facts: Facts): Promise<void> {
    await this.watch?.stop();
    if (this.guardian?.ended !== undefined) {
      this.#after = new AfterResume(this.#node, this.guardian, facts);
    }
  }

  /** What was seen of it; takes a moment when something was held. */
  async seen(): Promise<{
    readonly guardian: Guardian | undefined;
    readonly watch: HoldWatch | undefined;
    readonly look: Look | undefined;
  }> {
    const { guardian, watch } = this;
    const look = await this.#after?.end();
    if (look?.clientsLeft) {
      this.#stages.log(
        "warning",
        `${look.clientsLeft} clients left while they were held: what they had sent was done all the same, and they may send it again`,
      );
    }
    return { guardian, watch, look };
  }
}
