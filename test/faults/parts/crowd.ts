/** As many processes as a large node has, suspended and resumed under the guardian. */

import { Target } from "../../guard/target.ts";
import type { OtpSet } from "../../support/index.ts";
import { Controller } from "../child.ts";
import { ensure, recovered } from "../observe.ts";
import { type Part, Tally } from "../part.ts";

export const crowd: Part = {
  name: "crowd",
  what: "a crowd of processes suspended and resumed under the guardian",
  async run(context) {
    const processes = context.short ? 20_000 : 100_000;
    const tally = new Tally("crowd");
    tally.set("processes", processes);
    const otps: readonly OtpSet[] = context.short ? context.otps.slice(-1) : context.otps;
    for (const otp of otps) {
      await tally.run(otp, `${processes} processes`, async () => {
        await using target = await Target.start(otp, processes);
        await using controller = await Controller.start(target, { mode: "crowd" });
        const suspended = Number(await controller.said("holding "));
        ensure(suspended === processes, `${suspended} were suspended`);
        const held = await target.held();
        ensure(held === processes, `${held} are held`);
        controller.tell("go on");
        const figures = JSON.parse(await controller.said("figures "));
        ensure(figures.resumed === processes, `${figures.resumed} were resumed`);
        await controller.ended;
        await recovered(target);
        tally.most("suspendMs", figures.suspendMs);
        tally.most("resumeMs", figures.resumeMs);
        tally.most("rssMiB", figures.rssKiB / 1024);
        tally.most("rssBeforeMiB", figures.idleKiB / 1024);
      });
    }
    return tally.figures();
  },
};
