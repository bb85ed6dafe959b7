/** The steps of a plan, as the commands that show plans list them. */

import { inspect, type Term } from "../term/index.ts";
import type { PlanViewStep } from "../upgrade/index.ts";
import { type Json, termToJson } from "./output/json.ts";
import type { Printer } from "./output/printer.ts";

/** Lists the steps in their order. */
export function listSteps(printer: Printer, steps: readonly PlanViewStep[]): void {
  printer.rows(
    steps,
    [
      { title: "PART", cell: ({ part }) => part },
      { title: "STEP", cell: ({ name }) => name },
      { title: "ARGUMENT", cell: ({ argument }) => short(argument) },
    ],
    stepJson,
    "the plan is empty",
  );
}

/** A step for machines. */
export function stepJson({ part, name, argument }: PlanViewStep): { [name: string]: Json } {
  return { part, name, argument: argument === undefined ? null : termToJson(argument) };
}

function short(argument: Term | undefined): string {
  return argument === undefined ? "" : inspect(argument, { limit: 5 });
}
