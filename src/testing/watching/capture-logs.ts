/** What a node logs during a test. */

import { TimeoutError } from "../../errors.ts";
import { type LogEvent, type LogLevel, type LogStream, logEvents } from "../../otp/index.ts";
import { nodeOf, owned, type Target } from "../target.ts";

/** Whether an event is meant: a part of its text, a pattern of it, or a function of the event. */
export type LogMatch = string | RegExp | ((event: LogEvent) => boolean);

/** What is captured. */
export interface CaptureLogsOptions {
  /** The least level. Default `"debug"`: all that the node's own levels let through; `withLogLevel` lets more through. */
  readonly level?: LogLevel | undefined;
  /** Only these. Default all. */
  readonly matching?: LogMatch | undefined;
}

/** How long an event is waited for. */
export interface LogWaitOptions {
  /** Milliseconds. Default 5000. */
  readonly timeout?: number | undefined;
}

/**
 * Events that are being captured. `await using` ends it.
 * @example
 * import { type CapturedLogs, captureLogs } from "beamctl/testing";
 *
 * const logs: CapturedLogs = await captureLogs(shop, { level: "error" });
 * for (const { level, text } of await logs.all()) console.log(level, text);
 */
export class CapturedLogs implements AsyncDisposable {
  readonly #target: Target;
  readonly #stream: LogStream;
  readonly #wanted: (event: LogEvent) => boolean;
  readonly #events: LogEvent[] = [];
  readonly #waiters = new Set<() => void>();
  #ended: { readonly error: Error | undefined } | undefined;

  /** @internal Use {@link captureLogs}. */
  constructor(target: Target, stream: LogStream, matching: LogMatch | undefined) {
    this.#target = target;
    this.#stream = stream;
    this.#wanted = matcher(matching);
    void this.#read();
  }

  /** Those that have arrived, in their order. What the node has logged a moment ago may still be on its way: see {@link all}. */
  get events(): readonly LogEvent[] {
    return this.#events;
  }

  /** How many events the node could not send because the link was busy. */
  get dropped(): number {
    return this.#stream.dropped;
  }

  /** All that the node has logged until now. @throws NodeDownError LimitError when events were lost */
  async all(): Promise<readonly LogEvent[]> {
    // What the node sent before its answer is here before it; then the reader has its turn.
    await this.#stream.sync();
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#ended?.error !== undefined) throw this.#ended.error;
    return this.#events;
  }

  /**
   * The first event that matches, among those that were captured and those to come.
   * @throws TimeoutError NodeDownError LimitError
   */
  async until(matching: LogMatch, { timeout = 5_000 }: LogWaitOptions = {}): Promise<LogEvent> {
    const fits = matcher(matching);
    const deadline = AbortSignal.timeout(timeout);
    for (;;) {
      const found = this.#events.find(fits);
      if (found !== undefined) return found;
      const { name } = nodeOf(this.#target);
      if (this.#ended?.error !== undefined) throw this.#ended.error;
      if (deadline.aborted || this.#ended !== undefined) {
        throw new TimeoutError(`a log event that matches ${String(matching)}`, timeout, {
          node: name,
          remedy: `The node logged ${this.#events.length} events meanwhile. Does its level let it through? See withLogLevel.`,
        });
      }
      await this.#news(deadline);
    }
  }

  /** Ends the capture; what came can still be read. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stream.close();
  }

  #news(deadline: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#waiters.delete(done);
        deadline.removeEventListener("abort", done);
        resolve();
      };
      this.#waiters.add(done);
      deadline.addEventListener("abort", done);
    });
  }

  async #read(): Promise<void> {
    try {
      for await (const event of this.#stream) {
        if (!this.#wanted(event)) continue;
        this.#events.push(event);
        this.#wake();
      }
      this.#ended = { error: undefined };
    } catch (error) {
      this.#ended = { error: error as Error };
    }
    this.#wake();
  }

  #wake(): void {
    for (const waiter of [...this.#waiters]) waiter();
  }
}

function matcher(matching: LogMatch | undefined): (event: LogEvent) => boolean {
  if (matching === undefined) return () => true;
  if (typeof matching === "function") return matching;
  if (typeof matching === "string") return ({ text }) => text.includes(matching);
  return ({ text }) => text.search(matching) >= 0; // which no flag of the pattern disturbs
}

/**
 * Captures the node's log events, all handlers apart: those of `work`, or until it is disposed of. An event is captured where it is logged, for some 10
 * microseconds. Nothing stays on the node, also when the runner is gone.
 * @throws ScriptError TimeoutError NodeDownError; LimitError when more than 10000 events wait
 * @example
 * import { expect } from "vitest";
 * import { captureLogs, evaluate } from "beamctl/testing";
 *
 * const events = await captureLogs(shop, { level: "warning" }, () => evaluate(shop, "Shop.sell(:tea)"));
 * expect(events.map(({ text }) => text)).toEqual(["only 2 left"]);
 *
 * const logs = await captureLogs(shop, { matching: /left/ }); // until the test is over
 * await logs.until("only 2 left");
 */
export function captureLogs(target: Target, options?: CaptureLogsOptions): Promise<CapturedLogs>;
export function captureLogs(
  target: Target,
  options: CaptureLogsOptions,
  work: () => unknown,
): Promise<readonly LogEvent[]>;
export async function captureLogs(
  target: Target,
  { level, matching }: CaptureLogsOptions = {},
  work?: () => unknown,
): Promise<CapturedLogs | readonly LogEvent[]> {
  const stream = await logEvents(nodeOf(target), { level });
  const logs = new CapturedLogs(target, stream, matching);
  if (work === undefined) return owned(target, logs);
  await using held = logs;
  await work();
  return await held.all();
}
