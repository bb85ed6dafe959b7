/** What is compared after an install. */

export { installedItems } from "./installed.ts";
export { Verification } from "./verification.ts";
export type { Verified, VerifiedItem } from "./verified.ts";
