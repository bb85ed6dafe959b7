/** A course of faults, made by hand or by fast-check. */

import { UsageError } from "../../errors.ts";
import type { ArbitraryOf, FastCheck } from "./fast-check.ts";
import type { PartitionKind } from "./rules.ts";

/** One step of a schedule, as the method of its name takes it. */
export type FaultStep =
  | {
      readonly step: "partition";
      readonly left: readonly string[];
      readonly right: readonly string[];
      readonly how: PartitionKind;
    }
  | { readonly step: "cut"; readonly from: string; readonly to: string }
  | { readonly step: "halfClose"; readonly from: string; readonly to: string }
  | {
      readonly step: "delay";
      readonly from: string;
      readonly to: string;
      readonly milliseconds: number;
    }
  | { readonly step: "heal" }
  | { readonly step: "wait"; readonly milliseconds: number };

/**
 * Steps in their order. `String(schedule)` is what fast-check shows of a counterexample.
 * @example
 * import { FaultSchedule } from "beamctl/testing";
 *
 * String(new FaultSchedule([{ step: "cut", from: "a", to: "b" }, { step: "heal" }])); // => 'cut a -> b; heal'
 */
export class FaultSchedule {
  readonly steps: readonly FaultStep[];

  constructor(steps: readonly FaultStep[]) {
    this.steps = steps;
  }

  /** The steps in words. */
  toString(): string {
    return this.steps.length === 0 ? "no faults" : this.steps.map(describe).join("; ");
  }
}

/** What schedules are made of. */
export interface FaultScheduleOptions {
  /** The nodes, two at least. What fails is shrunk towards the first of them. */
  readonly nodes: readonly string[];
  /** Default all. */
  readonly kinds?: readonly FaultStep["step"][];
  /** How partitions are made. Default `["silent"]`; `reset` has nodes know at once. */
  readonly how?: readonly PartitionKind[];
  /** Most steps. Default 6. */
  readonly maxSteps?: number;
  /** The longest wait, in milliseconds. Default 500. */
  readonly maxWait?: number;
  /** The longest delay, in milliseconds. Default 200. */
  readonly maxDelay?: number;
}

const KINDS = ["partition", "cut", "halfClose", "delay", "heal", "wait"] as const;

/**
 * Schedules as an arbitrary of fast-check (tried with version 4), which is passed in. They shrink as arrays do: to fewer steps, shorter times, fewer nodes.
 * @throws UsageError for less than two nodes
 * @example
 * import fc from "fast-check";
 * import { faultSchedule } from "beamctl/testing";
 *
 * const schedules = faultSchedule(fc, { nodes: ["a", "b", "c"], maxSteps: 4, maxWait: 100 });
 */
export function faultSchedule(
  fc: FastCheck,
  options: FaultScheduleOptions,
): ArbitraryOf<FaultSchedule> {
  const { nodes, kinds = KINDS, maxSteps = 6 } = options;
  if (new Set(nodes).size < 2 || new Set(nodes).size < nodes.length || nodes.length > 30) {
    throw new UsageError("a schedule needs 2 to 30 nodes, all different");
  }
  if (kinds.length === 0 || maxSteps < 1) throw new UsageError("a schedule needs steps");
  const step = fc.oneof(...kinds.map((kind) => stepOf(fc, kind, options)));
  return fc
    .array(step, { minLength: 1, maxLength: maxSteps })
    .map((steps) => new FaultSchedule(steps));
}

function stepOf(
  fc: FastCheck,
  kind: FaultStep["step"],
  { nodes, how = ["silent"], maxWait = 500, maxDelay = 200 }: FaultScheduleOptions,
): ArbitraryOf<FaultStep> {
  switch (kind) {
    case "partition": {
      // Which nodes are on the left: every split once, as the last node is always on the right.
      const splits = fc.integer({ min: 1, max: 2 ** (nodes.length - 1) - 1 });
      return fc.tuple(splits, fc.constantFrom(...how)).map(([split, kindOf]) => ({
        step: kind,
        left: nodes.filter((_, index) => (split >> index) & 1),
        right: nodes.filter((_, index) => !((split >> index) & 1)),
        how: kindOf,
      }));
    }
    case "cut":
    case "halfClose":
      return pairs(fc, nodes).map((pair) => ({ step: kind, ...pair }));
    case "delay":
      return fc
        .tuple(pairs(fc, nodes), fc.integer({ min: 1, max: Math.max(1, maxDelay) }))
        .map(([pair, milliseconds]) => ({ step: kind, ...pair, milliseconds }));
    case "wait":
      return fc
        .integer({ min: 1, max: Math.max(1, maxWait) })
        .map((milliseconds) => ({ step: kind, milliseconds }));
    case "heal":
      return fc.constant({ step: kind });
  }
}

function pairs(fc: FastCheck, nodes: readonly string[]): ArbitraryOf<{ from: string; to: string }> {
  const all = nodes.flatMap((from) =>
    nodes.filter((to) => to !== from).map((to) => ({ from, to })),
  );
  return fc.constantFrom(...all);
}

function describe(step: FaultStep): string {
  switch (step.step) {
    case "partition":
      return `partition ${step.left.join(" ")} | ${step.right.join(" ")} (${step.how})`;
    case "cut":
      return `cut ${step.from} -> ${step.to}`;
    case "halfClose":
      return `half-close ${step.from} -> ${step.to}`;
    case "delay":
      return `delay ${step.from} <-> ${step.to} by ${step.milliseconds} ms`;
    case "wait":
      return `wait ${step.milliseconds} ms`;
    case "heal":
      return "heal";
  }
}
