/** The guardian is killed by somebody else: with its controller dead too, what is left is the backstop. */

import { Guardian } from "../../../src/guard/index.ts";
import { Controller } from "../child.ts";
import { ensure, recovered, until, untilFree } from "../observe.ts";
import { bound, type Context, type Part, Tally } from "../part.ts";
import { type Run, spread } from "../spread.ts";

const MARGIN = 500;
// Shorter than by default, so that a run takes seconds: the backstop fires one lease after the cap.
const SHORT = { processes: 1_000, lease: 1_000, cap: 4_000 };
const LONG = { processes: 10_000, lease: 2_000, cap: 10_000 };

const limitOf = (context: Context): number => {
  const { lease, cap } = context.short ? SHORT : LONG;
  return bound(context, lease + cap + MARGIN);
};

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
    const times = context.short ? SHORT : LONG;
    const { processes, lease, cap } = times;
    const tally = new Tally("killed-guard", limitOf(context));
    tally.set("processes", processes);
    tally.set("leaseMs", lease);
    tally.set("capMs", cap);
    tally.set("backstopMs", cap + lease);
    const both = context.short ? 3 : 24;
    const runs = both + (context.short ? 1 : 8);
    const { length } = context.otps;
    const faultOf = (index: number): Fault =>
      index < both ? (FAULTS[Math.floor((index * 3) / both)] as Fault) : "alive";
    await spread(
      context,
      tally,
      { part: "killed-guard", runs, processes, lanes: 4 },
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
  const { lease, cap } = context.short ? SHORT : LONG;
  // What is frozen runs at once when its guardian ends; `both` holds acceptors too.
  const mode = turn % 2 === 0 ? "both and hold" : "suspend and hold";
  await using controller = await Controller.start(target, { mode, lease, cap });
  await controller.said("holding");
  const from = Date.now();
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
  const freed = await untilFree(target, from, limitOf(context));
  await recovered(target);
  tally.freed(freed);
}

/** Its controller sees the end and resumes by direct messages. */
async function alive(context: Context, tally: Tally, { target }: Run): Promise<void> {
  const node = await target.connect();
  try {
    // The backstop is far away, so that nobody but the controller can give back.
    const guardian = await Guardian.arm(node, { stateDirectory: target.state, cap: 600_000 });
    await guardian.suspend(await target.servers());
    await target.killGuard();
    const freed = await untilFree(target, Date.now(), limitOf(context));
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
