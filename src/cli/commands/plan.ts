/** `beamctl plan`: what an upgrade would do, step by step, and the lists it is made of. Changes nothing. */

import { inspect, type Term } from "../../term/index.ts";
import { budgetLine, type PlanView, planUpgrade } from "../../upgrade/index.ts";
import type { Run } from "../command.ts";
import { termToJson } from "../output/json.ts";
import { Printer } from "../output/printer.ts";
import { planOptions } from "../plan-options.ts";
import { listSteps, stepJson } from "../plan-steps.ts";
import { observe } from "../session.ts";

export const run: Run = async (globals, local, [version = ""]) => {
  const options = await planOptions(local);
  return observe(globals, async ({ remote }) => {
    const printer = new Printer(globals);
    const view = await planUpgrade(remote, version, options);
    const { from, to, direction, file } = view;
    const head = { node: remote.name, from, to, direction, relup: file, plan: view.plan };
    const terms = (list: readonly Term[]) => list.map(termToJson);
    if (printer.format === "json") {
      printer.record({
        ...head,
        budget: {
          ...view.budget,
          memory: view.budget.memory ?? null,
          suspend: view.budget.suspend ?? null,
        },
        steps: view.steps.map(stepJson),
        upInstructions: terms(view.instructions.upInstructions),
        downInstructions: terms(view.instructions.downInstructions),
      });
    } else if (local["lists"] === true) {
      printer.note(`${head.node}: ${from} to ${to} (${direction}), relup ${file}`);
      lists(printer, view);
    } else {
      printer.note(`${head.node}: ${from} to ${to} (${direction}), relup ${file}`);
      printer.note(budgetLine(view.budget));
      listSteps(printer, view.steps);
    }
    return undefined;
  });
};

/** Both lists with our instructions where they would stand in the relup. */
function lists(printer: Printer, { instructions }: PlanView): void {
  const { upInstructions, downInstructions } = instructions;
  const row = (list: string) => (instruction: Term) => ({ list, instruction });
  printer.rows(
    [...upInstructions.map(row("up")), ...downInstructions.map(row("down"))],
    [
      { title: "LIST", cell: ({ list }) => list },
      { title: "INSTRUCTION", cell: ({ instruction }) => inspect(instruction, { limit: 20 }) },
    ],
    ({ list, instruction }) => ({ list, instruction: termToJson(instruction) }),
    "both lists are empty",
  );
}
