/** The checks before an upgrade: they find, and change nothing. */

export type { Reach } from "./cluster.ts";
export { type Finding, SEVERITIES, type Severity } from "./finding.ts";
export { givenOf, groundOf } from "./given.ts";
export { preflight, preflightGround, refuse } from "./preflight.ts";
