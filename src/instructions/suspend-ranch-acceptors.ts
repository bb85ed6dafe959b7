/** SuspendRanchAcceptors: from here on new clients wait in the listen backlog, or are refused. */

import { appendAfterPointOfNoReturn } from "../relup/index.ts";
import type { Atom } from "../term/index.ts";
import type { Listener } from "../topology/index.ts";
import { applicationArgument } from "./application-argument.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { chosenListeners } from "./chosen-listeners.ts";
import type { AcceptorMode } from "./config.ts";
import { defineInstruction } from "./define.ts";
import { InstructionError } from "./errors.ts";
import { guarded, type Steps } from "./guarded.ts";
import type { RunnableInstruction } from "./instruction.ts";

const NAME = "SuspendRanchAcceptors";

/**
 * Stops the acceptors of every chosen listener through the guardian, which lets them run again if we vanish. To `hold`, the acceptors are
 * frozen where they stand: the listen socket stays open, so clients connect into its backlog (1024 by default in Ranch and Thousand Island, capped by
 * the system) and are answered after the resume. edeliver terminates them, which resets each connection that one of them has accepted and not yet handed
 * over. To `refuse`, the socket is closed. No supervisor is suspended: the release handler
 * could not walk past it. Every existing connection goes on.
 */
export const SuspendRanchAcceptors: RunnableInstruction<Atom> = defineInstruction({
  name: NAME,
  insertWhere: appendAfterPointOfNoReturn,
  dependencies: [CheckRanchAcceptors],
  arguments: applicationArgument,

  async run(context) {
    const { node, config, facts, log } = context;
    const guardian = guarded(NAME, context);
    const mode = config.acceptors;
    const { stopped, failed } = await stop(guardian, facts.listeners, mode);
    facts.heldAcceptors = facts.listeners.reduce((sum, { acceptors }) => sum + acceptors.length, 0);
    if (failed.length > 0) {
      const reasons = [...new Set(failed.map(({ reason }) => reason))].join(", ");
      const count = `${failed.length} of ${stopped + failed.length}`;
      throw new InstructionError(NAME, `${count} acceptors cannot be stopped: ${reasons}`, {
        node: node.name,
        remedy: "Look at `beamctl listeners`; nothing stays held.",
      });
    }
    const wished = mode === "hold" ? "held" : "suspended";
    const running = (await chosenListeners(context)).filter(({ status }) => status !== wished);
    if (running.length > 0) {
      const names = running.map(({ name, status }) => `${name} is ${status}`).join(", ");
      throw new InstructionError(NAME, `not every listener is ${wished}: ${names}`, {
        node: node.name,
      });
    }
    const what = mode === "hold" ? "new clients wait" : "new clients are refused";
    log("info", `holding ${facts.heldAcceptors} acceptors; ${what}`);
  },
});

async function stop(
  guardian: Steps,
  found: readonly Listener[],
  mode: AcceptorMode,
): Promise<{ stopped: number; failed: readonly { readonly reason: string }[] }> {
  if (mode === "refuse") {
    const { held, failed } = await guardian.hold(found.flatMap(({ stops }) => stops.refuse));
    return { stopped: held.length, failed };
  }
  const { frozen, failed } = await guardian.freeze(found.flatMap(({ stops }) => stops.hold));
  return { stopped: frozen.length, failed };
}
