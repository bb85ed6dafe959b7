/** What connections and channels are, whichever library they come from. */

import type { Pid, Term } from "../term/index.ts";

/**
 * What a connection does. `longpoll` is a session of Phoenix's long polling, a process that stands for a client between its requests.
 * What cannot be told is `unknown` and never taken for HTTP.
 */
export type ConnectionKind = "websocket" | "longpoll" | "http-idle" | "http-busy" | "unknown";

/**
 * How a process can be made to stand still: `suspend` by a system message, `freeze` by the scheduler (`erlang:suspend_process/1`) because
 * it answers none, `none` where neither is known to be safe.
 */
export type Stop = "suspend" | "freeze" | "none";

/** One accepted connection: the process that owns the socket. */
export interface Connection {
  readonly pid: Pid;
  readonly ref: Term;
  /** The listener's name. */
  readonly listener: string;
  readonly kind: ConnectionKind;
  /** The processes of its running HTTP requests. */
  readonly requests: readonly Pid[];
  /** The channels joined through it. */
  readonly channels: readonly Channel[];
  readonly suspended: boolean;
  /** Messages that wait for it. What the client sent on top of them waits in the kernel. */
  readonly queue: number;
  readonly stop: Stop;
  /** How the kind is known. */
  readonly evidence: string;
}

/** The process of one joined topic, or of one live view. */
export interface Channel {
  readonly pid: Pid;
  /** The process of its websocket or of its long polling session. */
  readonly transport: Pid;
  /** `undefined` when the process was too busy to tell, or was not asked. */
  readonly topic: string | undefined;
  /** The channel's or the view's module; up to Phoenix 1.4 `Phoenix.Channel.Server` where the topic is not known. */
  readonly module: string;
  readonly suspended: boolean;
  /** Messages that wait for it. */
  readonly queue: number;
}

/** A supervisor of connections that did not answer in time. */
export interface Unanswered {
  /** The listener's name. */
  readonly listener: string;
  readonly supervisor: Pid;
}

/** All that one look at the sockets of a node gives. */
export interface Sockets {
  readonly connections: readonly Connection[];
  readonly channels: readonly Channel[];
  readonly unanswered: readonly Unanswered[];
}
