/** Waiting for a node that calls us, in place of calling it. */

import { after } from "../transport/index.ts";
import type { BeamNode } from "./beam-node.ts";

interface Waiter {
  came(node: BeamNode): void;
  fail(error: Error): void;
}

/** Who waits for which node. */
export class Arrivals {
  readonly #waiting = new Map<string, Set<Waiter>>();

  /** Resolves when the node has come; rejects with `otherwise` after `timeout` milliseconds. */
  of(name: string, timeout: number, otherwise: Error): Promise<BeamNode> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(name) ?? new Set();
      this.#waiting.set(name, waiting);
      const waiter: Waiter = {
        came: (node) => {
          clearTimeout(late);
          resolve(node);
        },
        fail: (error) => {
          clearTimeout(late);
          waiting.delete(waiter);
          reject(error);
        },
      };
      const late = after(timeout, () => waiter.fail(otherwise));
      waiting.add(waiter);
    });
  }

  came(node: BeamNode): void {
    const waiting = this.#waiting.get(node.name);
    this.#waiting.delete(node.name);
    for (const waiter of waiting ?? []) waiter.came(node);
  }

  /** One who called has not come. */
  missed(name: string, error: Error): void {
    for (const { fail } of this.#waiting.get(name) ?? []) fail(error);
  }

  /** Nobody comes any more. */
  end(error: Error): void {
    for (const waiting of this.#waiting.values()) for (const { fail } of waiting) fail(error);
  }
}
