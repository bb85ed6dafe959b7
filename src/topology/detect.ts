/** What is asked of a system: its listeners, connections and channels, from all adapters together. */

import type { Remote } from "../otp/index.ts";
import type { Adapter, LookOptions, NotDetected, SocketOptions, SocketSource } from "./adapter.ts";
import { EJABBERD } from "./ejabberd.ts";
import type { Listener } from "./listener.ts";
import { LONG_POLLING } from "./long-polling.ts";
import { RANCH1 } from "./ranch1.ts";
import { RANCH2 } from "./ranch2.ts";
import type { Channel, Connection, Sockets, Unanswered } from "./socket.ts";
import { socketBatches } from "./sockets.ts";
import { type Stacks, stacksOf, unknownStack } from "./stacks.ts";
import { THOUSAND_ISLAND } from "./thousand-island.ts";

/** One per library; more than one may fit a node. */
const ADAPTERS: readonly Adapter[] = [RANCH1, RANCH2, THOUSAND_ISLAND, EJABBERD];

/** What {@link connections} resolves to. */
export interface Connections {
  readonly connections: readonly Connection[];
  /** Supervisors of connections that do not answer: suspended or overloaded. Their connections are listed all the same. */
  readonly unanswered: readonly Unanswered[];
}

/**
 * Every listener with its acceptors, wherever it hangs in the supervision tree; by name. Two calls; read-only and safe on a busy node:
 * supervisors are asked with a deadline, and one that does not answer makes its listener `hung`.
 * @example
 * import { listeners } from "beamctl";
 *
 * for (const { name, kind, address, status } of await listeners(node)) {
 *   console.log(name, kind, address?.port, status); // Shop.Endpoint.HTTP ranch2 4000 running
 * }
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
  const { stacks, adapters } = await adaptersOf(remote, options);
  if (adapters.length === 0) return { notDetected: unknownStack(stacks) };
  const found = await Promise.all(
    adapters.map((adapter) => adapter.listeners(remote, stacks, options)),
  );
  return found.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Every open connection with its kind and how that is known. Some hundreds a call; read-only. No connection is sent a message, but for those that
 * hibernate or are suspended, and Bandit's that wait without a channel: they are asked for their status, of which a module and the state of
 * suspension leave the node.
 * @example
 * import { connections, listeners } from "beamctl";
 *
 * const [first] = await listeners(node);
 * const { connections: found } = await connections(node, first);
 * console.log(found.filter(({ kind }) => kind === "websocket").length);
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
 * Every channel process, or `not_detected` when there is no way to tell on this node.
 * Read-only. Channels are asked for their state; of it only topic and module leave the node.
 * @example
 * import { channels } from "beamctl";
 *
 * const found = await channels(node);
 * if (found !== "not_detected") for (const { topic, queue } of found) console.log(topic, queue);
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
  const batches = await detectSocketBatches(remote, options);
  if ("notDetected" in batches) return batches;
  const found: Sockets[] = [];
  for await (const batch of batches) found.push(batch);
  return {
    connections: found.flatMap((one) => one.connections),
    channels: found.flatMap((one) => one.channels),
    unanswered: found.flatMap((one) => one.unanswered),
  };
}

/**
 * As {@link detectSockets}, some hundreds of connections at a time as they are read: for nodes with more than one wants to hold at once. A
 * connection stands in one batch with all its channels; the supervisors that do not answer stand before the connections of their library.
 */
export async function detectSocketBatches(
  remote: Remote,
  options: SocketOptions = {},
): Promise<AsyncIterable<Sockets> | NotDetected> {
  const { stacks, adapters } = await adaptersOf(remote, options);
  if (adapters.length === 0) return { notDetected: unknownStack(stacks) };
  const sources = adapters.map(({ sockets }) => sockets);
  if (stacks.phoenix !== undefined && options.refs === undefined) sources.push(LONG_POLLING);
  return allBatches(remote, sources, options);
}

async function* allBatches(
  remote: Remote,
  sources: readonly SocketSource[],
  options: SocketOptions,
): AsyncGenerator<Sockets> {
  for (const source of sources) yield* socketBatches(remote, source, options);
}

async function adaptersOf(
  remote: Remote,
  { timeout, signal }: LookOptions,
): Promise<{ stacks: Stacks; adapters: readonly Adapter[] }> {
  const stacks = await stacksOf(remote, { ...(timeout === undefined ? {} : { timeout }), signal });
  return { stacks, adapters: ADAPTERS.filter((adapter) => adapter.present(stacks)) };
}
