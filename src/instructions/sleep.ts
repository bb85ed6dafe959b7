/** Sleep: waits in the middle of an upgrade, for trying it out. */

import { setTimeout as delay } from "node:timers/promises";
import { appendAfterPointOfNoReturn, type InsertFun, type Instructions } from "../relup/index.ts";
import type { Config } from "./config.ts";
import { defineInstruction, place } from "./define.ts";
import { InstructionError } from "./errors.ts";
import type { RunnableInstruction } from "./instruction.ts";

/** Sleep with edeliver's `modify_relup/4`. */
export interface SleepInstruction extends Omit<RunnableInstruction<number>, "modifyRelup"> {
  /** Puts a wait of so many seconds (default 30) into both lists. */
  modifyRelup(
    instructions: Instructions,
    config: Config,
    seconds?: number,
    insertWhere?: InsertFun,
  ): Instructions;
}

const NAME = "Sleep";

const RUN: RunnableInstruction<number> = defineInstruction({
  name: NAME,
  insertWhere: appendAfterPointOfNoReturn,
  arguments: () => 30,

  async run({ node, log, print, signal }, seconds) {
    if (!(seconds >= 0)) {
      throw new InstructionError(NAME, `${seconds} is no number of seconds`, { node: node.name });
    }
    log("info", `waiting ${seconds} seconds`);
    for (let left = seconds; left > 0 && signal?.aborted !== true; left--) {
      print(`\r${left} seconds left `);
      await delay(Math.min(1, left) * 1000, undefined, signal ? { signal } : {}).catch(() => {});
    }
    print(`\rwaited ${seconds} seconds\n`);
  },
});

/**
 * Waits so many seconds, with a countdown in our output. What is suspended then stays so: never longer than the guardian's cap of 25 s, which
 * gives everything back. Not for production.
 */
export const Sleep: SleepInstruction = {
  ...RUN,
  modifyRelup: (instructions, _config, seconds = 30, insertWhere = RUN.insertWhere) =>
    place(instructions, RUN, RUN.callThis([seconds]), insertWhere),
};
