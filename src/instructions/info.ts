/** Info: a line in our output and in the node's log when the upgrade comes by. */

import { appendAfterPointOfNoReturn, type InsertFun, type Instructions } from "../relup/index.ts";
import { binary, text } from "../term/index.ts";
import type { Config } from "./config.ts";
import { defineInstruction, place } from "./define.ts";
import type { RunnableInstruction } from "./instruction.ts";

/** Info with edeliver's `modify_relup/5`. */
export interface InfoInstruction extends Omit<RunnableInstruction<Uint8Array>, "modifyRelup"> {
  /** Puts the texts into the lists of both directions. Without texts it changes nothing; the place is after the point of no return. */
  modifyRelup(
    instructions: Instructions,
    config: Config,
    upText?: string,
    downText?: string,
    insertWhere?: InsertFun,
  ): Instructions;
}

const RUN: RunnableInstruction<Uint8Array> = defineInstruction({
  name: "Info",
  insertWhere: appendAfterPointOfNoReturn,
  arguments: () => binary(""),
  run: async ({ log }, line) => log("info", text(line)),
});

/** Writes its argument, a text. Changes nothing on the node but its log. */
export const Info: InfoInstruction = {
  ...RUN,
  modifyRelup(instructions, _config, upText, downText = upText, insertWhere = RUN.insertWhere) {
    if (upText === undefined || downText === undefined) return instructions;
    const up = place(instructions, RUN, RUN.callThis([binary(upText)]), insertWhere);
    const down = place(instructions, RUN, RUN.callThis([binary(downText)]), insertWhere);
    return { ...up, downInstructions: down.downInstructions };
  },
};
