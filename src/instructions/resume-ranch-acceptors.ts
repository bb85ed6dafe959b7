/** ResumeRanchAcceptors: the acceptors are started again, and the clients that waited are answered. */

import { append } from "../relup/index.ts";
import type { Atom } from "../term/index.ts";
import { isRunning, type Listener } from "../topology/index.ts";
import { applicationArgument } from "./application-argument.ts";
import { CheckRanchAcceptors } from "./check-ranch-acceptors.ts";
import { chosenListeners } from "./chosen-listeners.ts";
import { defineInstruction } from "./define.ts";
import { InstructionError } from "./errors.ts";
import { guarded } from "./guarded.ts";
import type { RunnableInstruction } from "./instruction.ts";

const NAME = "ResumeRanchAcceptors";

/**
 * Lets run again what was stopped and reads back that as many acceptors run as before, on each listener. An acceptor that already runs is as
 * wished: unlike edeliver's, it can be run twice. A listener that restarted in between runs by itself; one that came back on another port,
 * as with port 0, is a warning.
 */
export const ResumeRanchAcceptors: RunnableInstruction<Atom> = defineInstruction({
  name: NAME,
  insertWhere: append,
  dependencies: [CheckRanchAcceptors],
  arguments: applicationArgument,

  async run(context) {
    const { node, config, facts, log } = context;
    const guardian = guarded(NAME, context);
    if (config.acceptors === "hold") {
      await guardian.resume(facts.listeners.flatMap(({ stops }) => stops.hold));
    }
    await guardian.release();
    const now = await chosenListeners(context);
    for (const before of facts.listeners) {
      const after = now.find(({ name }) => name === before.name);
      const running = runningOf(after);
      const wished = runningOf(before);
      if (running < wished || after?.status !== "running") {
        const status = after === undefined ? "is gone" : `is ${after.status}`;
        const text = `${before.name} ${status}: ${running} of ${wished} acceptors run`;
        throw new InstructionError(NAME, text, {
          node: node.name,
          remedy: "Run `beamctl recover`; then look at `beamctl listeners`.",
        });
      }
      const [was, is] = [before.address?.port, after.address?.port];
      if (was !== is) log("warning", `${before.name} listens on port ${is} now, before on ${was}`);
    }
    const running = now.reduce((sum, listener) => sum + runningOf(listener), 0);
    log("info", `${running} acceptors run again`);
  },
});

function runningOf(listener: Listener | undefined): number {
  return listener?.acceptors.filter(isRunning).length ?? 0;
}
