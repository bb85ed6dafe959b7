/** The tracing channels `beam:connect` and `beam:call` of `node:diagnostics_channel`; they cost nothing while nobody listens. */

import { type TracingChannel, tracingChannel } from "node:diagnostics_channel";
import type { Invocation } from "./calls.ts";

/** What `beam:connect` tells. */
export interface ConnectTrace {
  readonly node: string;
}

/** What `beam:call` tells; arguments and results are left out, since they may be anything. */
export interface CallTrace {
  readonly node: string;
  readonly module: string;
  readonly function: string;
  readonly arity: number;
}

const connects: TracingChannel<"beam:connect", ConnectTrace> = tracingChannel("beam:connect");
const calls: TracingChannel<"beam:call", CallTrace> = tracingChannel("beam:call");

/** Makes the connection, watched by who subscribed to `beam:connect`. */
export function traceConnect<T>(node: string, work: () => Promise<T>): Promise<T> {
  return connects.hasSubscribers ? connects.tracePromise(work, { node }) : work();
}

/** Makes the call, watched by who subscribed to `beam:call`. */
export function traceCall<T>(
  node: string,
  { module, fun, args }: Invocation,
  work: () => Promise<T>,
): Promise<T> {
  if (!calls.hasSubscribers) return work();
  let answer: Promise<T> | undefined;
  // The trace shows what a promise resolves to, so it is given one that resolves to nothing.
  const shown = async (): Promise<void> => {
    answer = work();
    await answer;
  };
  const trace = { node, module, function: fun, arity: args.length };
  return calls.tracePromise(shown, trace).then(() => answer as Promise<T>);
}
