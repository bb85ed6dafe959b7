/** The text of the guardian: Erlang expressions that the node evaluates itself, frozen and hashed. */

import { Script } from "../otp/index.ts";
import { BASICS } from "./source/basics.ts";
import { INSPECTION } from "./source/inspection.ts";
import { JOBS } from "./source/jobs.ts";
import { LOOP } from "./source/loop.ts";
import { REQUESTS } from "./source/requests.ts";
import { UNDO } from "./source/undo.ts";

/** The registered name of the guardian on a node; it doubles as the lock of the node. */
export const GUARD_NAME = "beamctl_guard";

/**
 * What runs on the node, from OTP 23 on: scanned and parsed there, and evaluated by `erl_eval:exprs/2` in a process of its own.
 * Its `source` is what `beamctl` prints on request, and its `sha256` tells which text a node runs.
 */
export const GUARDIAN: Script = new Script({
  name: "guardian",
  source: `${BASICS}${INSPECTION}${UNDO}${JOBS}${REQUESTS}${LOOP}`.trim(),
  bindings: ["Ctl", "About", "Lease", "Cap", "Grace"],
});
