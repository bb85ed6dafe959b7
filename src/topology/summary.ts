/** Connections counted: what one wants to see first where there are thousands. */

import type { Connection, ConnectionKind } from "./socket.ts";

/** How many connections of one kind a listener has. */
export interface ConnectionCount {
  readonly listener: string;
  readonly kind: ConnectionKind;
  readonly connections: number;
  /** HTTP requests that run in them. */
  readonly requests: number;
  /** Channels joined through them. */
  readonly channels: number;
  /** How many of the connections are suspended. */
  readonly suspended: number;
}

/**
 * One row for each listener and kind that there is, by listener and then by number.
 * @example
 * import { connections, countConnections } from "beamctl";
 *
 * console.table(countConnections((await connections(node)).connections));
 */
export function countConnections(connections: Iterable<Connection>): ConnectionCount[] {
  const rows = new Map<string, { -readonly [K in keyof ConnectionCount]: ConnectionCount[K] }>();
  for (const { listener, kind, requests, channels, suspended } of connections) {
    const key = JSON.stringify([listener, kind]);
    let row = rows.get(key);
    if (row === undefined) {
      row = { listener, kind, connections: 0, requests: 0, channels: 0, suspended: 0 };
      rows.set(key, row);
    }
    row.connections += 1;
    row.requests += requests.length;
    row.channels += channels.length;
    if (suspended) row.suspended += 1;
  }
  return [...rows.values()].sort((a, b) =>
    a.listener === b.listener ? b.connections - a.connections : a.listener < b.listener ? -1 : 1,
  );
}
