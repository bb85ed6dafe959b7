/** What is to happen between each two nodes, one way at a time. */

import type { Shape } from "./lane.ts";
import type { MessageFault } from "./message-fault.ts";

/** How nodes are parted. */
export type PartitionKind = "silent" | "reset" | "refuse";

/** What happens to what one node sends to another. */
export interface Rule extends Shape {
  readonly parted?: PartitionKind | undefined;
  readonly faults: readonly MessageFault[];
}

const NONE: Rule = { faults: [] };

/** The rules, by the short names of sender and receiver. */
export class Rules {
  readonly #rules = new Map<string, Rule>();

  get(from: string | undefined, to: string | undefined): Rule {
    return this.#rules.get(`${from}>${to}`) ?? NONE;
  }

  change(from: string, to: string, change: Partial<Rule>): void {
    this.#rules.set(`${from}>${to}`, { ...this.get(from, to), ...change });
  }

  /** Forgets the rules between the two, or all. */
  clear(pair?: readonly [string, string]): void {
    const keys =
      pair === undefined
        ? [...this.#rules.keys()]
        : [`${pair[0]}>${pair[1]}`, `${pair[1]}>${pair[0]}`];
    for (const key of keys) {
      for (const fault of this.#rules.get(key)?.faults ?? []) fault.stop();
      this.#rules.delete(key);
    }
  }
}
