/** The listeners that a plan is about. */

import { UsageError } from "../errors.ts";
import { type Listener, listeners } from "../topology/index.ts";
import type { InstructionContext } from "./instruction.ts";

/**
 * The listeners of the node as they are now, or those that the configuration names.
 * @throws UsageError when one of these names is not there
 */
export async function chosenListeners({
  node,
  config,
}: Pick<InstructionContext, "node" | "config">): Promise<readonly Listener[]> {
  const found = await listeners(node);
  if (config.listeners === undefined) return found;
  return config.listeners.map((name) => {
    const listener = found.find((one) => one.name === name);
    if (listener !== undefined) return listener;
    throw new UsageError(`there is no listener ${name} on ${node.name}`, {
      remedy: `It has: ${found.map((one) => one.name).join(", ") || "none"}.`,
    });
  });
}
