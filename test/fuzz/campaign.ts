/** A campaign of wrong bytes: every target in turn, until the time is up. */

import { makeCorpus } from "./corpus.ts";
import { Random } from "./random.ts";
import { TARGETS, type Target, type Timed } from "./targets.ts";

/** After so many rounds everything that is kept once has been kept. */
const SETTLED = 2_000;

/** What a campaign found. */
export interface Findings {
  readonly seed: number;
  readonly frames: number;
  /** Exceptions that are no error of ours: each is a defect. */
  readonly uncaught: number;
  /** The longest that one piece of input took each time that it was given, in milliseconds, and its target. */
  readonly slowest: number;
  readonly slowestTarget: string;
  /** How much more memory the process has than after the first rounds, in MiB. */
  readonly rssGrowth: number;
  /** The first defects, with what gives them again. */
  readonly defects: readonly { target: string; round: number; error: string }[];
}

/** Runs until `until()` says so; asked after each round of all targets. */
export function campaign(seed: number, until: (round: number) => boolean): Findings {
  const corpus = makeCorpus(seed);
  const names = Object.keys(TARGETS);
  const defects: { target: string; round: number; error: string }[] = [];
  let frames = 0;
  let uncaught = 0;
  let slowest = 0;
  let slowestTarget = "";
  let settled: number | undefined;
  let round = 0;
  do {
    for (const [index, name] of names.entries()) {
      const target = TARGETS[name] as Target;
      const once = () => {
        const random = new Random(seed * 1_000_003 + round * names.length + index);
        return longest((timed) => {
          frames += target(corpus, random, timed);
        });
      };
      try {
        let took = once();
        // What is slow each time is slow of itself, and not for the garbage or the load of others.
        for (let again = 0; again < 4 && took > slowest; again++) took = Math.min(took, once());
        if (took > slowest) [slowest, slowestTarget] = [took, name];
      } catch (error) {
        uncaught += 1;
        if (defects.length < 10) {
          defects.push({ target: name, round, error: String((error as Error)?.stack ?? error) });
        }
      }
    }
    round += 1;
    if (round === SETTLED) settled = memory();
  } while (!until(round));
  const rss = memory();
  return {
    seed,
    frames,
    uncaught,
    slowest: Math.round(slowest * 10) / 10,
    slowestTarget,
    rssGrowth: Math.round((rss - (settled ?? rss)) / 1024 / 1024),
    defects,
  };
}

/** The longest of the pieces of work, in milliseconds. */
function longest(run: (timed: Timed) => void): number {
  let most = 0;
  run((work) => {
    const began = performance.now();
    work();
    most = Math.max(most, performance.now() - began);
  });
  return most;
}

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss;
}
