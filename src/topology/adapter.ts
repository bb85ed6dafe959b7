/** What each library of listeners has to be read by: one adapter each. */

import type { Answer, CallOptions, Remote, Script } from "../otp/index.ts";
import type { Term } from "../term/index.ts";
import type { Listener } from "./listener.ts";
import type { SocketsSeen } from "./seen.ts";
import type { Connection } from "./socket.ts";
import type { Stacks } from "./stacks.ts";

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
  /** What earlier looks have seen: only what is new since is examined, and kept in it. Default everything is. */
  readonly seen?: SocketsSeen;
  /** Whether new channels of known websockets are looked for too; only with `seen`. Default `true`. */
  readonly joins?: boolean;
}

/** Nothing of this kind can be seen on the node, and why. */
export interface NotDetected {
  readonly notDetected: string;
}

/** How the connections of one library are read: first who there is, then, a batch at a time, what each of them does. */
export interface SocketSource {
  /** Binds `Wait` and `Only`; gives `{Entries, [{Ref, Supervisor}]}`, the second those that do not answer. */
  readonly entries: Script;
  /**
   * Where it is given, `entries` names not connections but who holds them, as `{Size, Holder}`, and this one, which binds `Holders`, gives
   * what some of them hold, as `{Ref, [{Pid, Mark}]}` for entries `{Ref, Pid, Mark}`. So a list of all connections is nowhere on the node.
   */
  readonly unfold?: Script;
  /** Takes a batch of entries: made by `examineScript`. */
  readonly examine: Script;
  /** How the kind is known, in words, and how such a process can be made to stand still; `by` is what the script noted. */
  explain(answer: Answer, by: Term): Pick<Connection, "evidence" | "stop">;
}

/** Reads one library's listeners and connections. */
export interface Adapter {
  /** Whether this library, in the version it is written for, is what the node shows. */
  present(stacks: Stacks): boolean;
  listeners(remote: Remote, stacks: Stacks, options: LookOptions): Promise<readonly Listener[]>;
  readonly sockets: SocketSource;
}

/** The deadline of the call around a script that waits up to `wait` on the node, twice. */
export function around({ wait = 1000, timeout, signal }: LookOptions): {
  wait: number;
  call: CallOptions;
} {
  return { wait, call: { timeout: timeout ?? 2 * wait + 10_000, signal } };
}
