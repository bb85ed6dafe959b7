/** What a process's crash led to. */

import { AssertionError } from "node:assert";
import type { Pid, Term } from "../../term/index.ts";
import { shown } from "../terms/pattern-text.ts";
import { briefText, type ProcessBrief } from "./process-name.ts";

/** A process that ended, and why. */
export interface DeadProcess extends ProcessBrief {
  readonly reason: Term;
}

/**
 * What the supervisor did: started the process anew, let it end, ended itself since there were too many restarts, had not
 * decided in time; or there is none.
 */
export type SupervisorDecision = "restarted" | "stopped" | "gave up" | "undecided" | "unsupervised";

/**
 * The report of a crash.
 * @example
 * import { type CrashOutcome, process } from "beamctl/testing";
 *
 * const outcome: CrashOutcome = await process(shop, "Shop.Cart").crash("kill");
 * console.log(outcome.expectOnlyThatDied().decision, `${outcome.restartedAs}`);
 */
export class CrashOutcome {
  /** The process that crashed. */
  readonly process: DeadProcess;
  readonly decision: SupervisorDecision;
  /** The process that took its place. */
  readonly restartedAs: Pid | undefined;
  readonly supervisor: ProcessBrief | undefined;
  /** Milliseconds from the cause to the end of the process. */
  readonly diedAfter: number;
  /** Milliseconds from its end to the supervisor's decision. */
  readonly decidedAfter: number;
  /** The other watched processes that ended meanwhile, for any reason but `normal`. */
  readonly others: readonly DeadProcess[];

  /** @internal Use `process(...).crash()`. */
  constructor(fields: Omit<CrashOutcome, "expectOnlyThatDied" | "toString">) {
    this.process = fields.process;
    this.decision = fields.decision;
    this.restartedAs = fields.restartedAs;
    this.supervisor = fields.supervisor;
    this.diedAfter = fields.diedAfter;
    this.decidedAfter = fields.decidedAfter;
    this.others = fields.others;
  }

  /**
   * Asserts that no other watched process ended, and returns itself.
   * @throws AssertionError of `node:assert`, which names those that did, and why
   */
  expectOnlyThatDied(): this {
    const { length } = this.others;
    if (length === 0) return this;
    const others = `${length} other ${length === 1 ? "process" : "processes"}`;
    const lines = this.others
      .slice(0, 20)
      .map((other) => `\n  ${briefText(other)}: ${shown(other.reason)}`);
    const more = length > lines.length ? `\n  and ${length - lines.length} more` : "";
    throw new AssertionError({
      message: `${others} died when ${this.toString()}${lines.join("")}${more}`,
      actual: length,
      expected: 0,
      operator: "expectOnlyThatDied",
      stackStartFn: this.expectOnlyThatDied,
    });
  }

  /** `Shop.Cart (#PID<0.1.0>) crashed with :killed (restarted)` */
  toString(): string {
    return `${briefText(this.process)} crashed with ${shown(this.process.reason)} (${this.decision})`;
  }
}
