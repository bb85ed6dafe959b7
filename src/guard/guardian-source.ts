/** The text of the guardian: one Erlang expression sequence that the node evaluates itself, frozen and hashed. */

import { createHash } from "node:crypto";
import { BASICS } from "./source/basics.ts";
import { INSPECTION } from "./source/inspection.ts";
import { REQUESTS } from "./source/requests.ts";
import { UNDO } from "./source/undo.ts";

/** The registered name of the guardian on a node; it doubles as the lock of the node. */
export const GUARD_NAME = "beamctl_guard";

/** What runs on the node, for OTP 23 and later. It is read by `erl_scan` and `erl_parse` there, and run by `erl_eval:exprs/2`. */
export const GUARDIAN_SOURCE: string = `${BASICS}${INSPECTION}${UNDO}${REQUESTS}`.trim();

/** The SHA-256 of {@link GUARDIAN_SOURCE} in hexadecimal, so that a reader can tell which text a node runs. */
export const GUARDIAN_SHA256: string = createHash("sha256").update(GUARDIAN_SOURCE).digest("hex");
