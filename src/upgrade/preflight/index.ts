/** The checks before an upgrade: they find, and change nothing. */

export type { Finding, Severity } from "./finding.ts";
export { givenOf } from "./given.ts";
export { preflight, refuse } from "./preflight.ts";
