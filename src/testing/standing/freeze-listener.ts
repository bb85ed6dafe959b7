/** A listener that accepts nobody while a function runs. */

import { UsageError } from "../../errors.ts";
import { equals, type Term } from "../../term/index.ts";
import { detectListeners, type Listener } from "../../topology/index.ts";
import { nodeOf, type Target } from "../target.ts";
import { during } from "./during.ts";
import { standStill } from "./standing-still.ts";

/** A listener by its name as `beamctl listeners` shows it, by its port, or by its ref. */
export type ListenerSelector = string | number | { readonly ref: Term };

/** How a listener is frozen. */
export interface FreezeListenerOptions {
  /** Milliseconds after which the node lets it accept again by itself, whatever happens. Default 60000. */
  readonly cap?: number | undefined;
}

/**
 * Freezes the acceptors of a listener (Ranch 1 and 2, Thousand Island), runs `work`, and lets them accept again: also when it throws, when the test of a fixture is over
 * and when the runner is gone. Meanwhile new clients are connected by the kernel and wait, as for a node under load; connections that are up go on.
 * @throws UsageError when there is no such listener: it names those that there are
 * @throws StandStillError; what `work` throws
 * @example
 * import { expect } from "vitest";
 * import { freezeListener } from "beamctl/testing";
 *
 * await freezeListener(shop, 4000, async () => {
 *   await expect(fetch("http://localhost:4000/", { signal: AbortSignal.timeout(100) })).rejects.toThrow("timeout");
 * });
 */
export async function freezeListener<Result>(
  target: Target,
  listener: ListenerSelector,
  work: () => Result | Promise<Result>,
  { cap = 60_000 }: FreezeListenerOptions = {},
): Promise<Result> {
  const { stops } = await find(target, listener);
  return during(await standStill(target, "freeze", stops.hold, cap), work);
}

async function find(target: Target, wanted: ListenerSelector): Promise<Listener> {
  const node = nodeOf(target);
  const all = await detectListeners(node);
  if ("notDetected" in all) {
    throw new UsageError(`there is no listener to freeze: ${all.notDetected}`, { node: node.name });
  }
  const found = all.find((one) => fits(one, wanted));
  const known = all.map(({ name, address }) => `${name} (port ${address?.port ?? "none"})`);
  if (found === undefined) {
    const what = typeof wanted === "object" ? "of this ref" : wanted;
    throw new UsageError(`there is no listener ${what}; there are ${known.join(", ")}`, {
      node: node.name,
    });
  }
  if (found.stops.hold.length > 0) return found;
  throw new UsageError(`the listener ${found.name} has no acceptors that could be frozen now`, {
    node: node.name,
    remedy: `It is ${found.status}, of the kind ${found.kind}.`,
  });
}

function fits({ name, address, ref }: Listener, wanted: ListenerSelector): boolean {
  if (typeof wanted === "string") return name === wanted;
  if (typeof wanted === "number") return address?.port === wanted;
  return equals(ref, wanted.ref);
}
