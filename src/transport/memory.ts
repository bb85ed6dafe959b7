/** Two transports joined in memory, for tests: as strict as TCP about chunks, order and backpressure. */

import { UsageError } from "../errors.ts";
import type { Transport, TransportHandler } from "./transport.ts";

/** How a {@link memoryPair} behaves. */
export interface MemoryOptions {
  /** Bytes on the way beyond which `write` returns `false`. Default 65536. */
  readonly highWaterMark?: number;
  /** Most bytes per chunk handed over, to cut frames at odd places. Default 65536. */
  readonly chunkBytes?: number;
}

/** Both ends of a connection within this process; each turn of the microtask queue delivers one chunk. */
export function memoryPair(options: MemoryOptions = {}): [Transport, Transport] {
  const left = new MemoryTransport("memory:1", options);
  const right = new MemoryTransport("memory:2", options);
  left.join(right);
  right.join(left);
  return [left, right];
}

class MemoryTransport implements Transport {
  readonly remote: string;
  readonly #highWaterMark: number;
  readonly #slab: Uint8Array;
  #peer: MemoryTransport | undefined;
  #handler: TransportHandler | undefined;
  #arrived: Uint8Array[] = [];
  /** Where in them the next chunk is. */
  #next = 0;
  #onTheWay = 0;
  #blocked = false;
  #ended = false;
  #closed = false;
  #scheduled = false;
  #waiters: (() => void)[] = [];

  constructor(remote: string, { highWaterMark = 65_536, chunkBytes = 65_536 }: MemoryOptions) {
    this.remote = remote;
    this.#highWaterMark = highWaterMark;
    this.#slab = new Uint8Array(chunkBytes);
  }

  join(peer: MemoryTransport): void {
    this.#peer = peer;
  }

  start(handler: TransportHandler): void {
    if (this.#handler !== undefined) throw new UsageError("this transport was started before");
    this.#handler = handler;
    if (this.#closed) queueMicrotask(() => handler.closed());
    else this.#schedule();
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const peer = this.#peer;
    if (this.#closed || this.#ended || peer === undefined) return false;
    for (const chunk of chunks) {
      if (chunk.length === 0) continue;
      this.#onTheWay += chunk.length;
      peer.#arrived.push(chunk);
    }
    peer.#schedule();
    this.#blocked = this.#onTheWay > this.#highWaterMark;
    return !this.#blocked;
  }

  end(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#ended = true;
    if (this.#peer !== undefined) this.#peer.#schedule();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  unref(): void {} // nothing here keeps a process running

  destroy(): void {
    this.#shut();
    if (this.#peer !== undefined) this.#peer.#shut();
  }

  #schedule(): void {
    if (this.#scheduled || this.#handler === undefined) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const peer = this.#peer;
    if (this.#closed || peer === undefined) return;
    const chunk = this.#arrived[this.#next];
    if (chunk === undefined) {
      this.#arrived = [];
      this.#next = 0;
      if (peer.#ended) this.destroy();
      return;
    }
    const part = chunk.subarray(0, this.#slab.length);
    if (part.length < chunk.length) this.#arrived[this.#next] = chunk.subarray(part.length);
    else this.#next += 1;
    // One slab, overwritten afterwards: whoever keeps a chunk is found out at once.
    this.#slab.set(part);
    this.#handler?.data(this.#slab.subarray(0, part.length));
    this.#slab.fill(0xee, 0, part.length);
    peer.#onTheWay -= part.length;
    if (peer.#blocked && peer.#onTheWay <= peer.#highWaterMark) {
      peer.#blocked = false;
      peer.#handler?.drain();
    }
    this.#schedule();
  }

  #shut(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#arrived = [];
    for (const waiter of this.#waiters) waiter();
    const handler = this.#handler;
    if (handler !== undefined) queueMicrotask(() => handler.closed());
  }
}
