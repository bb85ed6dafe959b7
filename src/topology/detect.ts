/** What is asked of a system: its listeners, connections and channels, from all adapters together. */

import type { Remote } from "../otp/index.ts";
import type { Adapter, LookOptions, NotDetected, SocketOptions } from "./adapter.ts";
import type { Listener } from "./listener.ts";
import { RANCH2 } from "./ranch2.ts";
import type { Channel, Connection, Sockets, Unanswered } from "./socket.ts";

/** One per library; the others follow. */
const ADAPTERS: readonly Adapter[] = [RANCH2];

/** What {@link connections} resolves to. */
export interface Connections {
  readonly connections: readonly Connection[];
  /** Supervisors of connections that do not answer: suspended or overloaded. Their connections are listed all the same. */
  readonly unanswered: readonly Unanswered[];
}

/**
 * Every listener with its acceptors, wherever it hangs in the supervision tree; by name. One call; read-only and safe on a busy node:
 * supervisors are asked with a deadline, and one that does not answer makes its listener `hung`.
 */
export async function listeners(remote: Remote, options: LookOptions = {}): Promise<Listener[]> {
  const found = await detectListeners(remote, options);
  return "notDetected" in found ? [] : [...found];
}

/** As {@link listeners}, but says why when no supported library of listeners runs there. */
export async function detectListeners(
  remote: Remote,
  options: LookOptions = {},
): Promise<readonly Listener[] | NotDetected> {
  return merge(
    await Promise.all(ADAPTERS.map((adapter) => adapter.listeners(remote, options))),
    (found) => found.flat(),
  );
}

/**
 * Every open connection with its kind and how that is known. One call; read-only. No connection is sent a message, but for those that
 * hibernate or are suspended: they are asked for their status, of which module and state of suspension leave the node.
 */
export async function connections(
  remote: Remote,
  listener?: Pick<Listener, "ref">,
  options: SocketOptions = {},
): Promise<Connections> {
  const refs = listener === undefined ? {} : { refs: [listener.ref] };
  const found = await detectSockets(remote, { ...options, ...refs });
  if ("notDetected" in found) return { connections: [], unanswered: [] };
  return { connections: found.connections, unanswered: found.unanswered };
}

/**
 * Every channel process, or `not_detected` when there is no way to tell on this node ({@link detectSockets} says why). One call;
 * read-only. Channels are asked for their state; of it only topic and module leave the node.
 */
export async function channels(
  remote: Remote,
  options: SocketOptions = {},
): Promise<readonly Channel[] | "not_detected"> {
  const found = await detectSockets(remote, options);
  return "notDetected" in found ? "not_detected" : found.channels;
}

/** Connections and channels by one look, or why they cannot be seen. */
export async function detectSockets(
  remote: Remote,
  options: SocketOptions = {},
): Promise<Sockets | NotDetected> {
  return merge(
    await Promise.all(ADAPTERS.map((adapter) => adapter.sockets(remote, options))),
    (found) => ({
      connections: found.flatMap((one) => one.connections),
      channels: found.flatMap((one) => one.channels),
      unanswered: found.flatMap((one) => one.unanswered),
    }),
  );
}

/** What the adapters that see something see; none of them seeing anything is not the same as there being nothing. */
function merge<T extends object>(
  all: readonly (T | NotDetected)[],
  join: (found: readonly T[]) => T,
): T | NotDetected {
  const found = all.filter((one): one is T => !("notDetected" in one));
  if (found.length > 0) return join(found);
  const reasons = all.flatMap((one) => ("notDetected" in one ? [one.notDetected] : []));
  return { notDetected: reasons.join("; ") };
}
