/** The control: the same kills without a guardian must leave processes suspended, else the zeros of the other parts mean nothing. */

import { setTimeout as pause } from "node:timers/promises";
import { atom } from "../../../src/term/index.ts";
import { Target } from "../../guard/target.ts";
import { Controller } from "../child.ts";
import { type Part, randomOf, Tally } from "../part.ts";

const PROCESSES = 10_000;
/** Kills on each release. */
const KILLS = 5;
/** A short campaign kills until one kill has left something, at most so often. */
const TRIES = 20;

export const control: Part = {
  name: "control",
  what: "the same SIGKILLs without a guardian, which must leave something suspended",
  async run(context) {
    const tally = new Tally("control");
    tally.set("processes", PROCESSES);
    const { short, otps } = context;
    let left = 0;
    for (const otp of short ? otps.slice(-1) : otps) {
      await using target = await Target.start(otp, PROCESSES);
      for (let run = 0; run < (short ? TRIES : KILLS) && !(short && left > 0); run++) {
        const random = randomOf(context, `control ${otp}`, run);
        await tally.run(otp, `run ${run}`, async () => {
          await using controller = await Controller.start(target, { mode: "bare" });
          await controller.said("round");
          await pause(random.below(1_500));
          await controller.kill("SIGKILL");
          await pause(1_000);
          const now = await target.held();
          tally.add("runsThatLeft", now > 0 ? 1 : 0);
          left += now;
          await target.node.systemMessages(await target.servers(), atom("resume"));
        });
      }
    }
    return { ...tally.figures(), leftSuspended: left };
  },
};
