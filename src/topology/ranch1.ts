/** The adapter for Ranch 1 with Cowboy 1 or 2: one supervisor of connections a listener, as for Phoenix up to 1.3 and RabbitMQ up to 3.8. */

import type { Adapter } from "./adapter.ts";
import { ranchListeners } from "./ranch-listeners.ts";
import { RANCH_SOCKETS } from "./ranch-sockets.ts";

/** See {@link Adapter}. */
export const RANCH1: Adapter = {
  present: ({ ranch }) => ranch?.startsWith("1.") === true,
  listeners: (remote, stacks, options) => ranchListeners("ranch1", remote, stacks, options),
  sockets: RANCH_SOCKETS,
};
