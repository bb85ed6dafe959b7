/** What each library of listeners has to be read by: one adapter each. */

import type { CallOptions, Remote } from "../otp/index.ts";
import type { Term } from "../term/index.ts";
import type { Listener } from "./listener.ts";
import type { Sockets } from "./socket.ts";

/** Options of every look at a system. */
export interface LookOptions extends CallOptions {
  /** How long, in milliseconds, the node waits for supervisors, and again for processes that hibernate. Default 1000. */
  readonly wait?: number;
}

/** Options of a look at the sockets. */
export interface SocketOptions extends LookOptions {
  /** Whether channels are asked for their topics, which wakes those that hibernate. Default `true`. */
  readonly topics?: boolean;
  /** Only the listeners with these refs. Default all. */
  readonly refs?: readonly Term[];
}

/** Nothing of this kind can be seen on the node, and why. */
export interface NotDetected {
  readonly notDetected: string;
}

/** Reads one library's listeners and connections; each method is one call to the node. */
export interface Adapter {
  readonly kind: Listener["kind"];
  listeners(remote: Remote, options: LookOptions): Promise<readonly Listener[] | NotDetected>;
  sockets(remote: Remote, options: SocketOptions): Promise<Sockets | NotDetected>;
}

/** The deadline of the call around a script that waits up to `wait` on the node, twice. */
export function around({ wait = 1000, timeout, signal }: LookOptions): {
  wait: number;
  call: CallOptions;
} {
  return { wait, call: { timeout: timeout ?? 2 * wait + 10_000, signal } };
}
