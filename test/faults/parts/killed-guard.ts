/** The guardian is killed by somebody else: with its controller dead too, what is left is the backstop. */

import { Guardian } from "../../../src/guard/index.ts";
import { Controller } from "../child.ts";
import { ensure, recovered, until, untilFree } from "../observe.ts";
import { bound, type Context, type Part, Tally } from "../part.ts";
import { type Run, spread } from "../spread.ts";

const PROCESSES = 10_000;
// Short, so that a run takes seconds: the backstop fires one lease after the cap.
const LEASE = 1_000;
const CAP = 3_000;
const BACKSTOP = CAP + LEASE;
const MARGIN = 500;

/**
 * `stopped`: it is suspended first, so that it can undo nothing when its controller dies. In the next two it may undo in its last moment.
 * `alive`: its controller lives and gives back by itself.
 */
const FAULTS = ["stopped", "controller first", "guardian first", "alive"] as const;
type Fault = (typeof FAULTS)[number];

export const killedGuard: Part = {
  name: "killed-guard",
  what: "exit(Guard, kill) beside the death of the controller; some with the controller alive",
  async run(context) {
    const tally = new Tally("killed-guard", bound(context, BACKSTOP + MARGIN));
    tally.set("processes", PROCESSES);
    tally.set("leaseMs", LEASE);
    tally.set("capMs", CAP);
    tally.set("backstopMs", BACKSTOP);
    const both = context.short ? 3 : 24;
    const runs = both + (context.short ? 1 : 8);
    const { length } = context.otps;
    const faultOf = (index: number): Fault =>
      index < both ? (FAULTS[Math.floor((index * 3) / both)] as Fault) : "alive";
    await spread(
      context,
      tally,
      { part: "killed-guard", runs, processes: PROCESSES },
      (run) =>
        faultOf(run.index) === "alive"
          ? alive(context, tally, run)
          : bothDead(context, tally, run, faultOf(run.index), run.index % (length + 1)),
      (index) => `${faultOf(index)}, run ${index}`,
    );
    return tally.figures();
  },
};

/** From the moment when all was held: the timers run since before it. */
async function bothDead(
  context: Context,
  tally: Tally,
  { target }: Run,
  fault: Fault,
  turn: number,
): Promise<void> {
  // What is frozen runs at once when its guardian ends; `both` holds acceptors too.
  const mode = turn % 2 === 0 ? "both and hold" : "suspend and hold";
  await using controller = await Controller.start(target, { mode, lease: LEASE, cap: CAP });
  await controller.said("holding");
  const from = performance.now();
  if (fault === "stopped") {
    await target.loseBoth(() => controller.kill("SIGKILL"));
  } else if (fault === "controller first") {
    const dead = controller.kill("SIGKILL");
    await target.killGuard();
    await dead;
  } else {
    await target.killGuard();
    await controller.kill("SIGKILL");
  }
  const held = await target.held();
  if (fault === "stopped") ensure(held > 0, "nothing was held when both were dead");
  tally.add("byBackstop", held > 0 ? 1 : 0);
  tally.add("heldWhenBothWereDead", held);
  const freed = await untilFree(target, from, bound(context, BACKSTOP + MARGIN));
  await recovered(target);
  tally.freed(freed);
}

/** Its controller sees the end and resumes by direct messages. */
async function alive(context: Context, tally: Tally, { target }: Run): Promise<void> {
  const node = await target.connect();
  try {
    const guardian = await Guardian.arm(node, { stateDirectory: target.state });
    await guardian.suspend(await target.servers());
    await target.killGuard();
    const freed = await untilFree(target, performance.now(), bound(context, BACKSTOP + MARGIN));
    await until(async () => guardian.lost.aborted, "the controller never learned of it");
    const report = await guardian.undo();
    ensure(report.why === "died", `it was lost for ${report.why}`);
    ensure(report.leftSuspended === 0, `${report.leftSuspended} were left`);
    tally.most("byControllerMs", freed.took);
    tally.freed(freed);
  } finally {
    await node.close();
  }
  await recovered(target);
}
