/** The adapter for Ranch 2 with Cowboy 2. */

import type { Adapter } from "./adapter.ts";
import { ranch2Listeners } from "./ranch2-listeners.ts";
import { ranch2Sockets } from "./ranch2-sockets.ts";

/** See {@link Adapter}. */
export const RANCH2: Adapter = {
  kind: "ranch2",
  listeners: ranch2Listeners,
  sockets: ranch2Sockets,
};
