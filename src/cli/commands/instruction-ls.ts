/** `beamctl instruction ls`: the instructions that there are. Asks no node. */

import { INSTRUCTIONS, insertBeforePointOfNoReturn } from "../../instructions/index.ts";
import type { Run } from "../command.ts";
import { Printer } from "../output/printer.ts";

export const run: Run = async (globals) => {
  new Printer(globals).rows(
    INSTRUCTIONS,
    [
      { title: "INSTRUCTION", cell: ({ name }) => name },
      {
        title: "NODE",
        cell: ({ insertWhere }) =>
          insertWhere === insertBeforePointOfNoReturn ? "looks" : "changes, guarded",
      },
      {
        title: "NEEDS",
        cell: (instruction) =>
          instruction
            .dependencies()
            .map(({ name }) => name)
            .join(", "),
      },
    ],
    (instruction) => ({
      name: instruction.name,
      module: instruction.module,
      changes: instruction.insertWhere !== insertBeforePointOfNoReturn,
      needs: instruction.dependencies().map(({ name }) => name),
    }),
    "there is none",
  );
  return undefined;
};
