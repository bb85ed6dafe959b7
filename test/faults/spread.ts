/** Runs over several OTP releases, each with a node of its own. */

import type { Random } from "../fuzz/random.ts";
import { Target } from "../guard/target.ts";
import type { OtpSet } from "../support/index.ts";
import { type Context, randomOf, type Tally } from "./part.ts";

/** What one run is given. */
export interface Run {
  readonly target: Target;
  readonly otp: OtpSet;
  /** Counts over all releases. */
  readonly index: number;
  readonly random: Random;
}

/** How the runs are laid out. */
export interface Layout {
  readonly part: string;
  readonly runs: number;
  /** The gen_servers of each node. */
  readonly processes: number;
  /** Nodes that work at the same time. Default 2; more where most of a run is waiting. */
  readonly lanes?: number;
}

/**
 * Does `work` so many times, the releases in turn. A run that fails gets the next ones a new node.
 * @param what names a run in the list of failures
 */
export async function spread(
  context: Context,
  tally: Tally,
  { part, runs, processes, lanes = 2 }: Layout,
  work: (run: Run) => Promise<void>,
  what: (index: number) => string = (index) => `run ${index}`,
): Promise<void> {
  const { otps } = context;
  const waiting = otps.slice(0, runs);
  const lane = async (): Promise<void> => {
    for (let otp = waiting.shift(); otp !== undefined; otp = waiting.shift()) {
      let target: Target | undefined;
      try {
        for (let index = otps.indexOf(otp); index < runs; index += otps.length) {
          target ??= await Target.start(otp, processes);
          const run = { target, otp, index, random: randomOf(context, part, index) };
          const good = await tally.run(otp, what(index), () => work(run));
          if (!good) {
            await target[Symbol.asyncDispose]();
            target = undefined;
          }
        }
      } finally {
        await target?.[Symbol.asyncDispose]();
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
