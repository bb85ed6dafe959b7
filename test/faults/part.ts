/** What every part of the campaign is given, and what it gives back. */

import { crc32 } from "node:zlib";
import { Random } from "../fuzz/random.ts";
import type { OtpSet } from "../support/index.ts";

/** What a part works with. */
export interface Context {
  readonly seed: number;
  /** Few runs and generous bounds, for machines that do other things too. */
  readonly short: boolean;
  /** The releases that the runs are spread over. */
  readonly otps: readonly OtpSet[];
  /** A line for whoever watches. */
  readonly note: (text: string) => void;
}

/** One fault of the campaign. */
export interface Part {
  readonly name: string;
  /** What is done, in a few words. */
  readonly what: string;
  /** Reports what does not hold in the figures, and throws only when it cannot work at all. */
  run(context: Context): Promise<PartFigures>;
}

/** What a part found. Times are in milliseconds. */
export interface PartFigures {
  readonly name: string;
  readonly otp: readonly OtpSet[];
  readonly runs: number;
  /** Runs in which anything was not as promised. */
  readonly failed: number;
  /** Processes suspended or frozen, and acceptors held, when the bound was over; over all runs. */
  readonly leftSuspended: number;
  /** The longest that any run took until nothing was held. */
  readonly slowestMs: number | null;
  /** When nothing may be held any more. */
  readonly boundMs: number | null;
  /** What else was counted. */
  readonly details: Readonly<Record<string, number | string>>;
  /** What cannot be had on this machine, and why: it was not tested. */
  readonly skipped: readonly string[];
  /** The first failures, each with what gives it again. */
  readonly failures: readonly string[];
}

/** Random numbers of one run: the same for the same seed, in whatever order the runs come. */
export function randomOf({ seed }: Context, part: string, run: number): Random {
  return new Random(seed * 1_000_003 + crc32(`${part} ${run}`));
}

/** The release for a part that takes one alone: another one for each part, as far as there are others. */
export function oneOf({ otps }: Context, at: number): OtpSet {
  return otps[at % otps.length] as OtpSet;
}

/** The time promised, and on a machine that does other things too half a minute more. */
export function bound({ short }: Context, promised: number): number {
  return short ? promised + 30_000 : promised;
}

/** Counts the runs of a part. */
export class Tally {
  readonly #name: string;
  readonly #boundMs: number | undefined;
  readonly #otps = new Set<OtpSet>();
  readonly #details: Record<string, number | string> = {};
  readonly #skipped: string[] = [];
  readonly #failures: string[] = [];
  #runs = 0;
  #failed = 0;
  #left = 0;
  #slowest: number | undefined;

  constructor(name: string, boundMs?: number) {
    this.#name = name;
    this.#boundMs = boundMs;
  }

  /** Counts a run; whether it went as promised. */
  async run(otp: OtpSet, what: string, work: () => Promise<void>): Promise<boolean> {
    this.#otps.add(otp);
    this.#runs += 1;
    try {
      await work();
      return true;
    } catch (error) {
      const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.fail(`${otp}, ${what}: ${told}`);
      return false;
    }
  }

  /** Something was not as promised. */
  fail(told: string): void {
    this.#failed += 1;
    if (this.#failures.length < 10) this.#failures.push(told);
  }

  /** A run took this long until nothing was held, and so much was held when its bound was over. */
  freed({ took, left }: { took: number; left: number }): void {
    this.#slowest = Math.max(this.#slowest ?? 0, took);
    this.#left += left;
    if (left > 0) throw new Error(`${left} were still held when the bound was over`);
  }

  /** Adds to a count of the details. */
  add(detail: string, count: number): void {
    this.#details[detail] = Number(this.#details[detail] ?? 0) + count;
  }

  /** Keeps the largest of a detail. */
  most(detail: string, value: number): void {
    this.#details[detail] = Math.max(Number(this.#details[detail] ?? 0), Math.round(value));
  }

  set(detail: string, value: number | string): void {
    this.#details[detail] = value;
  }

  skip(reason: string): void {
    this.#skipped.push(reason);
  }

  figures(): PartFigures {
    return {
      name: this.#name,
      otp: [...this.#otps].sort(),
      runs: this.#runs,
      failed: this.#failed,
      leftSuspended: this.#left,
      slowestMs: this.#slowest === undefined ? null : Math.round(this.#slowest),
      boundMs: this.#boundMs ?? null,
      details: this.#details,
      skipped: this.#skipped,
      failures: this.#failures,
    };
  }
}
