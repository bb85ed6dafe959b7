/** A long piece of work that can be awaited for its result and iterated for what happens on the way. */

import { randomUUID } from "node:crypto";

/** Awaitable for the result, iterable for the events; each iteration starts at the first event. */
export interface Operation<Event, Result> extends PromiseLike<Result>, AsyncIterable<Event> {
  /** Names the operation in the journal and on the node. */
  readonly id: string;
  /** Asks the work to stop at the next safe place: what it suspended is resumed first. */
  cancel(reason?: unknown): void;
}

/**
 * Starts `work` at once. A failure is thrown where the operation is awaited, and at the end of each iteration; an operation
 * that nobody awaits does not end the process.
 */
export function startOperation<Event, Result>(
  work: (emit: (event: Event) => void, id: string, signal: AbortSignal) => Promise<Result>,
  outer?: AbortSignal,
): Operation<Event, Result> {
  const id = randomUUID();
  const abort = new AbortController();
  const signal = outer === undefined ? abort.signal : AbortSignal.any([abort.signal, outer]);
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  const wake = () => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  const emit = (event: Event) => {
    events.push(event);
    wake();
  };
  const result = work(emit, id, signal).finally(() => {
    ended = true;
    wake();
  });
  result.catch(() => undefined);

  return {
    id,
    cancel: (reason) => abort.abort(reason),
    // biome-ignore lint/suspicious/noThenProperty: awaiting an operation is its purpose
    then: (onResult, onError) => result.then(onResult, onError),
    async *[Symbol.asyncIterator]() {
      for (let next = 0; ; next++) {
        while (next >= events.length && !ended) {
          await new Promise<void>((resolve) => waiting.add(resolve));
        }
        if (next >= events.length) break;
        yield events[next] as Event;
      }
      await result;
    },
  };
}
