/** A connection that comes back: after each loss it is made again, later each time that fails, until a policy or the user ends it. */

import { randomInt } from "node:crypto";
import { NodeDownError } from "../dist/index.ts";
import { AbortedError, BeamError, TimeoutError, UsageError } from "../errors.ts";
import type { BeamNode } from "./beam-node.ts";
import { type ConnectOptions, connect } from "./connect.ts";
import { DEFAULT_TIMEOUT, type WaitOptions } from "./request.ts";

/** When to try again. */
export interface RetryOptions {
  /** Milliseconds before the second attempt; each further one waits twice as long as the one before. Default 200. */
  readonly first?: number | undefined;
  /** Most milliseconds between two attempts. Default 30,000. Half of each wait is random, so that many do not come at once. */
  readonly most?: number | undefined;
  /**
   * Whether to try again after this error; `attempt` counts from 1 since the last connection. Default: for errors that are `retryable`, without
   * end, so a wrong cookie ends it and a node that is down does not.
   */
  readonly again?: ((error: BeamError, attempt: number) => boolean) | undefined;
  /** Called with each connection that is up. */
  readonly connected?: ((node: BeamNode) => void) | undefined;
  /** Called after each loss, and each attempt that failed, with the milliseconds until the next; `undefined` when there is none. */
  readonly disconnected?: ((reason: BeamError, wait: number | undefined) => void) | undefined;
}

/** What {@link keepConnected} takes. */
export interface KeepConnectedOptions extends ConnectOptions {
  readonly retry?: RetryOptions | undefined;
}

/** Makes one attempt. */
export type Dial = (signal: AbortSignal) => Promise<BeamNode>;

interface Waiter {
  resolve(node: BeamNode): void;
  reject(error: Error): void;
}

/**
 * A connection that is kept. `await using` ends it.
 * @example
 * import { type KeptConnection, keepConnected } from "beamctl";
 *
 * const kept: KeptConnection = keepConnected("shop@localhost", { cookie: process.env.SHOP_COOKIE! });
 * const shop = await kept.node({ timeout: 10_000 }); // the link that is up then
 * console.log(await shop.ping());
 * await kept.close();
 */
export class KeptConnection implements AsyncDisposable {
  /** Resolves when it is over: with the reason why it is not tried again, or with `undefined` after {@link close}. Never rejects. */
  readonly closed: Promise<BeamError | undefined>;
  readonly #name: string;
  readonly #dial: Dial;
  readonly #retry: RetryOptions;
  readonly #aborter = new AbortController();
  readonly #waiting = new Set<Waiter>();
  #current: BeamNode | undefined;
  #ended: BeamError | undefined;
  #over!: (reason: BeamError | undefined) => void;
  #wake: () => void = () => {};

  /** @internal Use {@link keepConnected} or `LocalNode.keepConnected`. */
  constructor(name: string, dial: Dial, retry: RetryOptions = {}) {
    this.#name = name;
    this.#dial = dial;
    this.#retry = retry;
    this.closed = new Promise((resolve) => {
      this.#over = resolve;
    });
    void this.#run();
  }

  /** The node while it is connected. Closing it has it connected again; {@link close} ends both. */
  get current(): BeamNode | undefined {
    return this.#current;
  }

  /**
   * The node, as soon as it is connected. Default timeout 5000 ms.
   * @throws TimeoutError AbortedError
   * @throws BeamError the reason why it is not tried again
   */
  node({ timeout = DEFAULT_TIMEOUT, signal }: WaitOptions = {}): Promise<BeamNode> {
    if (this.#current !== undefined) return Promise.resolve(this.#current);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const label = `a connection with ${this.#name}`;
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(late);
        signal?.removeEventListener("abort", aborted);
        this.#waiting.delete(waiter);
      };
      const waiter: Waiter = {
        resolve: (node) => {
          done();
          resolve(node);
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      const aborted = (): void => waiter.reject(new AbortedError(label, { cause: signal?.reason }));
      const endless = timeout === 0 || timeout === Number.POSITIVE_INFINITY;
      const expired = (): void => waiter.reject(new TimeoutError(label, timeout));
      const late = endless ? undefined : setTimeout(expired, timeout);
      this.#waiting.add(waiter);
      signal?.addEventListener("abort", aborted);
      if (signal?.aborted === true) aborted();
    });
  }

  /** Closes the connection and makes no other. May be called again. */
  async close(): Promise<void> {
    this.#end(new AbortedError(`the connection with ${this.#name}`), undefined);
    await this.#current?.close();
  }

  /** As {@link KeptConnection.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    for (let attempt = 1; this.#ended === undefined; attempt++) {
      const error = await this.#once(() => {
        attempt = 0;
      });
      if (this.#ended !== undefined) return;
      const { disconnected } = this.#retry;
      const wait = this.#again(error, Math.max(1, attempt)) ? this.#pause(attempt) : undefined;
      if (disconnected !== undefined) queueMicrotask(() => disconnected(error, wait));
      if (wait === undefined) this.#end(error, error);
      else await this.#sleep(wait);
    }
  }

  /** One connection from its attempt to its end; `up` is called in between. Resolves with what ended it. */
  async #once(up: () => void): Promise<BeamError> {
    try {
      const node = await this.#dial(this.#aborter.signal);
      if (this.#ended !== undefined) {
        await node.close();
        return this.#ended;
      }
      up();
      this.#current = node;
      for (const waiter of this.#waiting) waiter.resolve(node);
      const { connected } = this.#retry;
      // What the user's function throws is the user's.
      if (connected !== undefined) queueMicrotask(() => connected(node));
      return (await node.closed) ?? new NodeDownError(this.#name, "it was closed here");
    } catch (error) {
      if (error instanceof BeamError) return error;
      const what = "a function that was given to connect with has failed";
      return new UsageError(what, { cause: error });
    } finally {
      this.#current = undefined;
    }
  }

  // A policy that fails says nothing: it ends.
  #again(error: BeamError, attempt: number): boolean {
    const { again = ({ retryable }) => retryable } = this.#retry;
    try {
      return again(error, attempt);
    } catch {
      return false;
    }
  }

  #pause(attempt: number): number {
    const { first = 200, most = 30_000 } = this.#retry;
    const longest = Math.min(most, first * 2 ** Math.min(attempt, 30));
    return Math.round(longest / 2 + randomInt(Math.max(1, Math.round(longest / 2))));
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #end(error: BeamError, reason: BeamError | undefined): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#aborter.abort();
    this.#wake();
    for (const waiter of this.#waiting) waiter.reject(error);
    this.#over(reason);
  }
}

/**
 * Connects as {@link connect} does, and again whenever the link is lost. Returns at once; {@link KeptConnection.node} waits. What was sent or
 * asked on a link that is lost is lost with it, as between nodes. As safe on a busy production node as connecting.
 * @example
 * import { keepConnected } from "beamctl";
 *
 * await using kept = keepConnected("shop@localhost", {
 *   cookie: process.env.SHOP_COOKIE!,
 *   retry: { disconnected: ({ message }, wait) => console.error(message, "again in", wait) },
 * });
 * const shop = await kept.node();
 */
export function keepConnected(node: string, options: KeepConnectedOptions): KeptConnection {
  const { retry, ...rest } = options;
  const dial = (given: AbortSignal) => {
    const signal = eitherSignal(rest.signal, given);
    return connect(node, { ...rest, signal });
  };
  return new KeptConnection(node, dial, retry);
}

/** Fires with whichever of the two does. */
export function eitherSignal(own: AbortSignal | undefined, given: AbortSignal): AbortSignal {
  return own === undefined ? given : AbortSignal.any([own, given]);
}
