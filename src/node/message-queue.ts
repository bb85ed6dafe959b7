/** What waits unread in a mailbox: bounded in messages and bytes, decoded when it is received. */

import type { Term } from "../term/index.ts";
import type { Asked } from "./gen-protocol.ts";
import type { Encoded } from "./processes.ts";

/** A message that waits; `read` gives the term. */
export interface Unread {
  readonly payload: Encoded;
  readonly read: () => Term;
  readonly asked?: Asked | undefined;
}

/** So many that were taken are cut off at once, which makes taking one O(1) on average. */
const COMPACT = 1_024;

/** First in, first out; those with priority before the others. */
export class MessageQueue {
  #urgent: Unread[] = [];
  #items: Unread[] = [];
  #head = 0;
  #bytes = 0;

  get size(): number {
    return this.#urgent.length + this.#items.length - this.#head;
  }

  /** Bytes of those that came over a link. */
  get bytes(): number {
    return this.#bytes;
  }

  push(unread: Unread, priority: boolean): void {
    unread.payload.keep(); // its bytes are the socket's
    this.#bytes += unread.payload.byteLength;
    if (priority) this.#urgent.push(unread);
    else this.#items.push(unread);
  }

  take(): Unread | undefined {
    const next = this.#urgent.shift() ?? this.#takeItem();
    if (next !== undefined) this.#bytes -= next.payload.byteLength;
    return next;
  }

  clear(): void {
    this.#urgent = [];
    this.#items = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #takeItem(): Unread | undefined {
    const next = this.#items[this.#head];
    if (next === undefined) return undefined;
    this.#head += 1;
    if (this.#head >= COMPACT || this.#head === this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#head = 0;
    }
    return next;
  }
}
