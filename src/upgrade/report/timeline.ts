/** When what happened in one operation: offsets on the monotonic clock, and the one time of day at which it began. */

import type { LogLevel } from "../../instructions/index.ts";

/** How a piece of work ended; `running` when the operation ended in the middle of it. */
export type SpanState = "done" | "failed" | "running";

/** A piece of work: milliseconds since the start of the operation. */
export interface TimeSpan {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly state: SpanState;
}

/** A line that was written; `at` in milliseconds since the start. */
export interface LogLine {
  readonly at: number;
  readonly level: LogLevel;
  readonly text: string;
}

/** So many lines are kept, the first ones; the rest is counted. */
const MOST_LINES = 2_000;

type Open = { name: string; start: number; end: number | undefined; state: SpanState };

/** Notes stages, steps and lines as they come. */
export class Timeline {
  /** Epoch milliseconds of the start, for people; everything else is an offset. */
  readonly startedAt: number = Date.now();
  readonly #zero = performance.now();
  readonly #stages: Open[] = [];
  readonly #steps: Open[] = [];
  readonly #lines: LogLine[] = [];
  #dropped = 0;

  /** Milliseconds since the start. */
  get now(): number {
    return this.offset(performance.now());
  }

  /** A time of `performance.now()` as an offset, in tenths of a millisecond. */
  offset(at: number): number {
    return Math.round((at - this.#zero) * 10) / 10;
  }

  /** A stage begins; what is still open ends with its state. */
  begin(stage: string): void {
    this.#stages.push(this.#open(stage));
  }

  /** The stage in hand ends. */
  end(state: "done" | "failed"): void {
    const last = this.#stages.at(-1);
    if (last?.end === undefined) this.#close(last, state);
  }

  /** Runs `work` as a step. */
  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const span = this.#open(name);
    this.#steps.push(span);
    try {
      const result = await work();
      this.#close(span, "done");
      return result;
    } catch (error) {
      this.#close(span, "failed");
      throw error;
    }
  }

  log(level: LogLevel, text: string): void {
    if (this.#lines.length < MOST_LINES) this.#lines.push({ at: this.now, level, text });
    else this.#dropped += 1;
  }

  get stages(): readonly TimeSpan[] {
    return this.#stages.map((span) => this.#span(span));
  }

  get steps(): readonly TimeSpan[] {
    return this.#steps.map((span) => this.#span(span));
  }

  get lines(): readonly LogLine[] {
    if (this.#dropped === 0) return this.#lines;
    const text = `${this.#dropped} more lines are not kept`;
    return [...this.#lines, { at: this.#lines.at(-1)?.at ?? 0, level: "warning", text }];
  }

  #open(name: string): Open {
    return { name, start: this.now, end: undefined, state: "running" };
  }

  #close(span: Open | undefined, state: SpanState): void {
    if (span === undefined) return;
    span.end = this.now;
    span.state = state;
  }

  #span({ name, start, end, state }: Open): TimeSpan {
    return { name, start, end: end ?? this.now, state };
  }
}
