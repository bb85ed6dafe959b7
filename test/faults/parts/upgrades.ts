/** No fault at all: upgrades and downgrades in a row while websockets push, which lose nothing and leave nothing behind. */

import { hasRabbit, type OtpSet, provision } from "../../support/index.ts";
import { ensure } from "../observe.ts";
import { type Part, Tally } from "../part.ts";
import { upgrades as inARow } from "../upgrades.ts";

/** The shop is built with Elixir 1.14 and later. */
const TOO_OLD: OtpSet = "otp23";

export const upgrades: Part = {
  name: "upgrades",
  what: "upgrades and downgrades in a row while websockets push",
  async run({ short, seed, otps, note }) {
    const tally = new Tally("upgrades");
    const otp = otps.find((one) => one !== TOO_OLD);
    if (otp === undefined || !(await hasRabbit())) {
      tally.skip("no OTP of 25 or later, or no RabbitMQ, whose Cowboy the shop takes");
      return tally.figures();
    }
    const [clients, rounds, period] = short ? [60, 8, 500] : [2_000, 50, 4_000];
    tally.set("clients", clients);
    tally.set("rounds", rounds);
    await tally.run(otp, `${rounds} rounds`, async () => {
      const say = (text: string) => note(`  ${text}`);
      const options = { otp: await provision(otp), clients, rounds, seed, period, say };
      const { failed, sent, pauseMs, holdMs, leftSuspended, ...rest } = await inARow(options);
      const { lost, disconnected, sameSockets, http } = rest;
      for (const [name, count] of Object.entries({ sent, lost, disconnected, sameSockets })) {
        tally.add(name, count);
      }
      tally.add("requests", http.sent);
      tally.add("requestsFailed", http.failed);
      tally.most("longestWaitMs", pauseMs.max);
      tally.most("longestHoldMs", holdMs.max);
      tally.freed({ took: holdMs.max, left: leftSuspended });
      ensure(failed.length === 0, `not so: ${failed.join("; ")}`);
    });
    return tally.figures();
  },
};
