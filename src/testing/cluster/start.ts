/** Starts a cluster between whose nodes faults can be made. */

import { UsageError } from "../../errors.ts";
import { FaultCluster } from "./cluster.ts";
import { Switchboard } from "./switchboard.ts";

/** How a fault cluster is set up. */
export interface FaultClusterOptions {
  /** Where EPMD and the doors of the nodes listen. Default `127.0.0.1`; `0.0.0.0` for nodes of several addresses of this machine. */
  readonly host?: string;
  /** EPMD's port. Default: a free one. */
  readonly epmdPort?: number;
  /**
   * Reads the messages, so that they can be dropped and delayed one by one. Default `false`, since nodes then send without atom cache and
   * fragments, which is slower and not what they do in production: otherwise not a byte is changed.
   */
  readonly inspect?: boolean;
  /** `net_ticktime` of the nodes in whole seconds, at least 1: `env` gets an `ERL_ZFLAGS` that sets it. Default: theirs, which is 60. */
  readonly tickTime?: number;
  /** What chance begins with, for jitter and shares. Default 1. */
  readonly seed?: number;
}

/**
 * Starts an EPMD that hands out ports of ours for those of the nodes, so that unmodified nodes speak to each other through us. `ERL_EPMD_PORT` in their
 * environment is all that they need; they must share this machine's loopback, as EPMD's own rule is. Links over TLS pass, but nobody can tell whose they are.
 * For tests alone: the nodes lose each other with this process.
 * @example
 * import { startFaultCluster } from "beamctl/testing";
 *
 * declare const startNodes: (env: Readonly<Record<string, string>>) => Promise<void>; // yours
 * await using cluster = await startFaultCluster({ tickTime: 1 });
 * await startNodes(cluster.env); // a@127.0.0.1, b@127.0.0.1, ...: each with this in its environment
 * await cluster.registered(["a", "b", "c"]);
 * cluster.partition(["a"], ["b", "c"]);
 * await cluster.settled(); // all have given up
 * cluster.heal();
 * @throws ListenError when the port is taken; UsageError
 */
export async function startFaultCluster(options: FaultClusterOptions = {}): Promise<FaultCluster> {
  const { host = "127.0.0.1", epmdPort = 0, inspect = false, tickTime, seed = 1 } = options;
  if (tickTime !== undefined && !(Number.isInteger(tickTime) && tickTime >= 1)) {
    throw new UsageError(`${tickTime} is no net_ticktime`, {
      remedy: "Give whole seconds, 1 or more.",
    });
  }
  const board = await Switchboard.open({ host, epmdPort, inspect, seed });
  return new FaultCluster(board, {
    ERL_EPMD_PORT: `${board.epmd.port}`,
    ...(tickTime === undefined ? {} : { ERL_ZFLAGS: `-kernel net_ticktime ${tickTime}` }),
  });
}
