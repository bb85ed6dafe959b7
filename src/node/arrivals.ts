/** Waiting for a node that calls us, in place of calling it. */

import type { BeamNode } from "./beam-node.ts";

type Arrived = (node: BeamNode) => void;

/** Who waits for which node. */
export class Arrivals {
  readonly #waiting = new Map<string, Set<Arrived>>();

  /** Resolves when the node has come; rejects with `otherwise` after `timeout` milliseconds. */
  of(name: string, timeout: number, otherwise: Error): Promise<BeamNode> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(name) ?? new Set();
      this.#waiting.set(name, waiting);
      const arrived = (node: BeamNode): void => {
        clearTimeout(late);
        resolve(node);
      };
      const late = setTimeout(() => {
        waiting.delete(arrived);
        reject(otherwise);
      }, timeout);
      waiting.add(arrived);
    });
  }

  came(node: BeamNode): void {
    const waiting = this.#waiting.get(node.name);
    this.#waiting.delete(node.name);
    for (const arrived of waiting ?? []) arrived(node);
  }
}
