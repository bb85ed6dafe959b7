/** SoftPurge: an upgrade that would kill processes in old code is refused instead. */

import { softPurge } from "../relup/index.ts";
import type { RelupModifier } from "./instruction.ts";

/**
 * Not run itself: it turns the `brutal_purge` before each load into `soft_purge`, in both lists, so that the install is refused with
 * `old_processes` instead of killing who still runs old code. It has its effect when the relup is written back: `beamctl relup soft-purge`.
 */
export const SoftPurge: RelupModifier = { name: "SoftPurge", modifyRelup: softPurge };
