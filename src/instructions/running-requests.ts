/** The HTTP requests that run now. */

import type { BeamNode } from "../node/index.ts";
import type { Pid } from "../term/index.ts";
import { connections, type SocketsSeen } from "../topology/index.ts";

/** A process that runs a request; `own`: it ends with the request, and is not the connection itself. */
export interface RunningRequest {
  readonly pid: Pid;
  readonly own: boolean;
}

/** All of them, over all listeners. Wakes nobody. Websockets that were seen before run none, and are passed over. */
export async function runningRequests(
  node: BeamNode,
  seen: SocketsSeen,
): Promise<RunningRequest[]> {
  const found = await connections(node, undefined, { topics: false, seen, joins: false });
  return found.connections.flatMap(({ pid: connection, requests }) =>
    requests.map((pid) => ({ pid, own: String(pid) !== String(connection) })),
  );
}
