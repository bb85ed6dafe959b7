/** The adapter for Ranch 2 and later with Cowboy 2: several supervisors of connections a listener. */

import type { Adapter } from "./adapter.ts";
import { ranchListeners } from "./ranch-listeners.ts";
import { RANCH_SOCKETS } from "./ranch-sockets.ts";

/** See {@link Adapter}. */
export const RANCH2: Adapter = {
  present: ({ ranch }) => ranch !== undefined && !ranch.startsWith("1."),
  listeners: (remote, stacks, options) => ranchListeners("ranch2", remote, stacks, options),
  sockets: RANCH_SOCKETS,
};
