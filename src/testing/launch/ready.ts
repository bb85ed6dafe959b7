/** Waits until a node that was started is ready. */

import { setTimeout as pause } from "node:timers/promises";
import { TimeoutError } from "../../errors.ts";
import { type BeamNode, connect } from "../../node/index.ts";
import { StartError } from "../fixture/errors.ts";
import { waitForApp } from "../wait/wait-for-app.ts";
import { type Child, describe } from "./child.ts";
import type { Place } from "./place.ts";

/** An application that is up, a pattern in the output, or a function of the node that resolves. */
export type ReadyWhen = string | RegExp | ((node: BeamNode) => Promise<unknown>);

/** Between two attempts to connect, in milliseconds. */
const AGAIN = 50;

/** @throws StartError when it ends first; else what the last attempt to connect, or the user's function, throws */
export async function untilReady(
  child: Child,
  place: Place,
  when: ReadyWhen | undefined,
  timeout: number,
): Promise<void> {
  const end = performance.now() + timeout;
  const left = (): number => Math.max(1, Math.ceil(end - performance.now()));
  await using node = await reach(child, place, end);
  if (when === undefined) return;
  if (when instanceof RegExp) {
    await child.waitFor(when, left());
    return;
  }
  if (typeof when === "string") {
    await Promise.race([waitForApp(node, when, { timeout: left() }), died(child)]);
    return;
  }
  const over = new AbortController();
  try {
    await Promise.race([when(node), died(child), late(place, timeout, left(), over.signal)]);
  } finally {
    over.abort();
  }
}

async function reach(child: Child, place: Place, end: number): Promise<BeamNode> {
  const { name, cookie, port } = place;
  for (;;) {
    const timeout = Math.max(1, Math.min(2_000, end - performance.now()));
    try {
      return await connect(name, { cookie, address: { host: "127.0.0.1", port }, timeout });
    } catch (error) {
      if (child.ended !== undefined) await died(child);
      if (performance.now() >= end) throw error;
    }
    await pause(AGAIN);
  }
}

async function died(child: Child): Promise<never> {
  const exit = await child.exited;
  await child.closed;
  throw new StartError(`process ${child.pid} ended with ${describe(exit)}`, child.output());
}

async function late(place: Place, timeout: number, left: number, over: AbortSignal): Promise<void> {
  try {
    await pause(left, undefined, { signal: over });
  } catch {
    return; // it is ready
  }
  throw new TimeoutError(`${place.name}`, timeout, { node: place.name });
}
