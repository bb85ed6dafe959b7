/** A controller that stands still for longer than its lease, then wakes and wants to go on. */

import { setTimeout as pause } from "node:timers/promises";
import { guardStatus } from "../../../src/guard/index.ts";
import { Controller } from "../child.ts";
import { ensure, recovered, untilFree } from "../observe.ts";
import { bound, type Part, Tally } from "../part.ts";
import { spread } from "../spread.ts";

const PROCESSES = 10_000;
const MARGIN = 500;
const MODES = ["suspend", "freeze", "both"] as const;

export const frozen: Part = {
  name: "frozen",
  what: "SIGSTOP of a controller that holds; SIGCONT when the node is free again",
  async run(context) {
    const lease = context.short ? 2_000 : 5_000;
    const limit = bound(context, lease + MARGIN);
    const tally = new Tally("frozen", limit);
    const runs = context.short ? 3 : 50;
    tally.set("processes", PROCESSES);
    tally.set("leaseMs", lease);
    const modeOf = (index: number) => MODES[index % MODES.length] as string;
    await spread(
      context,
      tally,
      { part: "frozen", runs, processes: PROCESSES, lanes: 4 },
      async ({ target, index, random }) => {
        const mode = `${modeOf(index)} and hold`;
        await using controller = await Controller.start(target, { mode, lease });
        await controller.said("holding");
        const held = await target.held();
        ensure(held >= PROCESSES, `only ${held} were held`);
        await pause(random.below(1_500)); // anywhere between two renewals
        await controller.kill("SIGSTOP");
        const freed = await untilFree(target, Date.now(), limit);
        const { phase, why } = (await guardStatus(target.node)) ?? {};
        ensure(phase === "done" && why === "lease", `the guardian is ${phase} for ${why}`);
        await controller.kill("SIGCONT");
        const told = await controller.said("lost: ");
        ensure(told === "lease, then: GuardLostError", `when it woke it said: ${told}`);
        await controller.ended;
        ensure((await target.held()) === 0, "it held again when it woke");
        const [operation] = (await recovered(target)).operations;
        ensure(operation?.undoneByGuard?.why === "lease", "recover does not know why");
        tally.freed(freed);
      },
      (index) => `${modeOf(index)}, run ${index}`,
    );
    return tally.figures();
  },
};
