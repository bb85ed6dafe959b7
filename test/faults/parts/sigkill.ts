/** A controller is killed at random moments of its rounds of holding and giving back. */

import { setTimeout as pause } from "node:timers/promises";
import { Controller } from "../child.ts";
import { ensure, recovered, untilFree } from "../observe.ts";
import { bound, type Context, type Part, Tally } from "../part.ts";
import { type Run, spread } from "../spread.ts";

const PROMISED = 1_000;
const PROCESSES = 10_000;

/** What is done in the rounds of the runs in turn; `both` holds acceptors too. */
const MODES = ["suspend", "freeze", "both"] as const;

function modeOf({ short, otps }: Context, index: number): (typeof MODES)[number] {
  const turn = short ? index : Math.floor(index / otps.length); // every release gets every mode
  return MODES[turn % MODES.length] as (typeof MODES)[number];
}

export const sigkill: Part = {
  name: "sigkill",
  what: "SIGKILL of a controller at random moments of its rounds over 10,000 processes",
  async run(context) {
    const tally = new Tally("sigkill", bound(context, PROMISED));
    const layout = { part: "sigkill", runs: context.short ? 4 : 200, processes: PROCESSES };
    tally.set("processes", PROCESSES);
    const what = (index: number) => `${modeOf(context, index)}, run ${index}`;
    await spread(context, tally, layout, (run) => kill(context, tally, run), what);
    // A campaign whose kills all came between two holds would show nothing.
    const held = Number(tally.figures().details["held"] ?? 0);
    if (held === 0) tally.fail("no kill came while something was held");
    // Nor would one whose kills were all found out by the lease, seconds later.
    const seen = Number(tally.figures().details["seenAtOnce"] ?? 0);
    if (seen === 0) tally.fail("no guardian saw the end of its controller");
    return tally.figures();
  },
};

async function kill(context: Context, tally: Tally, { target, index, random }: Run): Promise<void> {
  const mode = modeOf(context, index);
  // Of few kills one must come while all is held, whatever the moments are.
  const certain = context.short && index === 3;
  await using controller = await Controller.start(target, {
    mode: certain ? `${mode} and hold` : mode,
  });
  if (certain) await controller.said("holding");
  // Every second kill comes when it is in its rounds for sure, however slow this machine is.
  else if (index % 2 === 1) await controller.said("round");
  await pause(random.below(1_500));
  await controller.kill("SIGKILL");
  const from = Date.now();
  const freed = await untilFree(target, from, bound(context, PROMISED));
  const report = await recovered(target);
  const { undoneByGuard } = report.operations[0] ?? {};
  ensure(report.operations.length === 1, `${report.operations.length} operations had no end`);
  const undone = (undoneByGuard?.resumed ?? 0) + (undoneByGuard?.restarted ?? 0);
  tally.add("held", undone > 0 ? 1 : 0);
  tally.add("seenAtOnce", undoneByGuard?.why === "controller" ? 1 : 0);
  tally.add("givenBack", undone);
  tally.freed(freed);
}
