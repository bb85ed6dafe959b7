/** The control: the same kills without a guardian must leave processes suspended, else the zeros of the other parts mean nothing. */

import { setTimeout as pause } from "node:timers/promises";
import { atom } from "../../../src/term/index.ts";
import { Controller } from "../child.ts";
import { type Part, Tally } from "../part.ts";
import { spread } from "../spread.ts";

const PROCESSES = 10_000;

export const control: Part = {
  name: "control",
  what: "the same SIGKILLs without a guardian, which must leave something suspended",
  async run(context) {
    const tally = new Tally("control");
    const layout = { part: "control", runs: context.short ? 4 : 20, processes: PROCESSES };
    tally.set("processes", PROCESSES);
    let left = 0;
    await spread(context, tally, layout, async ({ target, random }) => {
      await using controller = await Controller.start(target, { mode: "bare" });
      await pause(100 + random.below(500));
      await controller.kill("SIGKILL");
      await pause(1_000);
      const now = await target.held();
      tally.add("runsThatLeft", now > 0 ? 1 : 0);
      left += now;
      await target.node.systemMessages(await target.servers(), atom("resume"));
    });
    return { ...tally.figures(), leftSuspended: left };
  },
};
