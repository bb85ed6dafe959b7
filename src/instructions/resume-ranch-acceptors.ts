/** ResumeRanchAcceptors: the acceptors are started again, and the clients that waited are answered. */

import { listeners } from "../topology/index.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { InstructionError } from "./errors.ts";
import { guarded } from "./guarded.ts";
import { append } from "./insert.ts";
import type { Instruction } from "./instruction.ts";

const NAME = "ResumeRanchAcceptors";

/**
 * Restarts the acceptors that were held and reads back that as many run as before. An acceptor that already runs is as wished:
 * unlike edeliver's, it can be run twice.
 */
export const ResumeRanchAcceptors: Instruction<string> = {
  name: NAME,
  insertWhere: append,
  dependencies: [CheckRanchAcceptors],
  arguments: (_instructions, { application }) => application,

  async run(context) {
    const { node, facts, log } = context;
    await guarded(NAME, context).release();
    const now = (await listeners(node)).flatMap(({ acceptors }) => acceptors);
    const running = now.filter(({ pid }) => pid !== undefined).length;
    if (running < facts.heldAcceptors) {
      throw new InstructionError(NAME, `only ${running} of ${facts.heldAcceptors} acceptors run`, {
        node: node.name,
        remedy: "Run `beamctl recover`; then look at `beamctl listeners`.",
      });
    }
    log("info", `${running} acceptors run again`);
  },
};
