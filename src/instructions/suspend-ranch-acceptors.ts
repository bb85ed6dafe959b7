/** SuspendRanchAcceptors: from here on new clients wait in the listen backlog, and nobody is refused. */

import { listeners } from "../topology/index.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { InstructionError } from "./errors.ts";
import { guarded } from "./guarded.ts";
import { appendAfterPointOfNoReturn } from "./insert.ts";
import type { Instruction } from "./instruction.ts";

const NAME = "SuspendRanchAcceptors";

/**
 * Terminates the acceptors of every listener through the guardian, which restarts them if we vanish. The listen socket stays
 * open, so clients connect into its backlog and are answered after the resume. No supervisor is suspended: the release
 * handler could not walk past it. Every existing connection goes on.
 */
export const SuspendRanchAcceptors: Instruction<string> = {
  name: NAME,
  insertWhere: appendAfterPointOfNoReturn,
  dependencies: [CheckRanchAcceptors],
  arguments: (_instructions, { application }) => application,

  async run(context) {
    const { node, facts, log } = context;
    const guardian = guarded(NAME, context);
    const acceptors = facts.listeners.flatMap(({ supervisors, acceptors: found }) => {
      const supervisor = supervisors.acceptors;
      if (supervisor === undefined) return [];
      return found.filter(({ pid }) => pid !== undefined).map(({ id }) => ({ supervisor, id }));
    });
    const { held, failed } = await guardian.hold(acceptors);
    facts.heldAcceptors = held.length;
    if (failed.length > 0) {
      const reasons = [...new Set(failed.map(({ reason }) => reason))].join(", ");
      throw new InstructionError(NAME, `${failed.length} acceptors cannot be held: ${reasons}`, {
        node: node.name,
        remedy: "Look at `beamctl listeners`; nothing stays held.",
      });
    }
    const running = (await listeners(node)).filter(({ status }) => status !== "held");
    if (running.length > 0) {
      const names = running.map(({ name, status }) => `${name} is ${status}`).join(", ");
      throw new InstructionError(NAME, `not every listener is held: ${names}`, { node: node.name });
    }
    log("info", `holding ${acceptors.length} acceptors; new clients wait`);
  },
};
