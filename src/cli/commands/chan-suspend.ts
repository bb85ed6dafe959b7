/** `beamctl chan suspend`: holds the channels for a while, guarded; whatever ends it, they are resumed. */

import { Guardian, leftOf } from "../../guard/index.ts";
import { type SuspendTarget, stopTargets, targets } from "../../instructions/index.ts";
import type { Run } from "../command.ts";
import { confirmChange } from "../confirm.ts";
import { milliseconds } from "../duration.ts";
import { EXIT } from "../exit-codes.ts";
import { Printer } from "../output/printer.ts";
import { operate } from "../session.ts";

const SUSPEND_TIMEOUT = 1000;
/** What the guardian grants beyond `--for`, in milliseconds. */
const SLACK = 5_000;
/** The longest hold of `--for 0`, in milliseconds. */
const UNTIL_STOPPED = 3_600_000;

export const run: Run = async (globals, local) => {
  const printer = new Printer(globals);
  const held = milliseconds(String(local["for"]));
  const target = local["suspend"] as SuspendTarget;
  return operate(globals, async ({ node, signal }) => {
    const found = await targets({ node }, target);
    if ("notDetected" in found) {
      printer.note(`no channel can be seen: ${found.notDetected}`);
      return EXIT.degraded;
    }
    await confirmChange(globals, `Suspend ${found.length} processes on ${node.name}?`);
    const guardian = await Guardian.arm(node, {
      purpose: `chan suspend ${target}`,
      cap: held === 0 ? UNTIL_STOPPED : held + SLACK,
    });
    let suspended = 0;
    const hold = async () => {
      const { result, stopped } = await stopTargets(guardian, found, SUSPEND_TIMEOUT);
      suspended = stopped.length;
      if (result === "not_supported") printer.note("warning: none of them answers");
      else if (suspended < found.length) {
        printer.note(`warning: ${found.length - suspended} could not be suspended`);
      }
      printer.note(`${suspended} suspended; Ctrl-C resumes them`);
      await waitFor(held, [signal, guardian.lost]);
    };
    const [done] = await Promise.allSettled([hold()]);
    const end = await guardian.undo();
    // What is left on the node weighs more than why the rest failed.
    if (done.status === "rejected" && leftOf(end) !== "something") throw done.reason;
    const { why, resumed, leftSuspended } = end;
    if (why !== "asked") printer.note(`warning: the guardian gave them back early (${why})`);
    printer.record({
      node: node.name,
      asked: found.length,
      suspended,
      resumed,
      leftSuspended: leftSuspended ?? null,
    });
    if (leftOf(end) === "something") return EXIT.leftSuspended;
    return why === "asked" ? undefined : EXIT.degraded;
  });
};

/** Until the time is up or one of the signals fires; 0 waits for the signals alone. */
function waitFor(milliseconds: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    const timer = milliseconds === 0 ? undefined : setTimeout(resolve, milliseconds);
    for (const signal of signals) {
      const stop = () => {
        clearTimeout(timer);
        resolve();
      };
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    }
  });
}
