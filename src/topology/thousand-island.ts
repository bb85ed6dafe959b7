/** The adapter for Thousand Island with Bandit: a supervisor of connections for each acceptor. */

import type { Adapter } from "./adapter.ts";
import { islandListeners } from "./island-listeners.ts";
import { ISLAND_SOCKETS } from "./island-sockets.ts";

/** See {@link Adapter}. Thousand Island and Bandit from 1.0 on. */
export const THOUSAND_ISLAND: Adapter = {
  present: ({ thousandIsland }) => thousandIsland !== undefined,
  listeners: islandListeners,
  sockets: ISLAND_SOCKETS,
};
