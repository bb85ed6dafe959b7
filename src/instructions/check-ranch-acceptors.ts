/** CheckRanchAcceptors: the listeners and their acceptors must be found before anything is touched. */

import { listeners } from "../topology/index.ts";
import { InstructionError } from "./errors.ts";
import { insertBeforePointOfNoReturn } from "./insert.ts";
import type { Instruction } from "./instruction.ts";

const NAME = "CheckRanchAcceptors";

/**
 * Finds every listener and its acceptors; aborts when there is none, when one is already held or suspended by someone
 * else, or when one cannot be held without closing its socket. Changes nothing; safe on a busy node.
 */
export const CheckRanchAcceptors: Instruction<string> = {
  name: NAME,
  insertWhere: insertBeforePointOfNoReturn,
  dependencies: [],
  arguments: (_instructions, { application }) => application,

  async run({ node, facts, log }, application) {
    const found = await listeners(node);
    if (found.length === 0) {
      throw new InstructionError(NAME, `no Ranch listener was found beside ${application}`, {
        node: node.name,
        remedy:
          "Is its endpoint started (`server: true`)? Without a listener use the minimal plan.",
      });
    }
    const stopped = found.find(({ status }) => status !== "running");
    if (stopped !== undefined) {
      throw new InstructionError(
        NAME,
        `listener ${stopped.name} is ${stopped.status}, not running`,
        {
          node: node.name,
          remedy: "Someone else stopped it: run `beamctl recover`, or resume it, then try again.",
        },
      );
    }
    const closing = found.find(({ stops }) => stops.hold.length === 0);
    if (closing !== undefined) {
      throw new InstructionError(
        NAME,
        `listener ${closing.name} cannot be held: it would refuse clients instead of letting them wait`,
        { node: node.name, remedy: "Use the minimal plan." },
      );
    }
    facts.listeners = found;
    const acceptors = found.reduce((sum, listener) => sum + listener.acceptors.length, 0);
    log("info", `found ${acceptors} acceptors on ${found.length} listeners`);
  },
};
