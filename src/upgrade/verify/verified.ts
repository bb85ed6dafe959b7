/** What was compared after an install, and what came of it. */

/** What it was looked at for: what the install has brought, how it serves after the resume, or how while the new version was soaking. */
export type VerifiedAt = "installed" | "resumed" | "soak";

/**
 * What is compared. `release`: its status. `applications`: their versions. `modules`: loaded code and beams. `processes`: whose state was changed.
 * `listeners`, `channels`: as before the upgrade, and answering. `crashes`: errors that the node logged since. `restarts`: children started anew since.
 */
export type VerifiedWhat =
  | "release"
  | "applications"
  | "modules"
  | "processes"
  | "listeners"
  | "channels"
  | "crashes"
  | "restarts";

/** One comparison. */
export interface VerifiedItem {
  readonly what: VerifiedWhat;
  readonly at: VerifiedAt;
  /** `failed` is the end of the upgrade: the version does not become permanent. A `warning` is for somebody to look at. */
  readonly result: "ok" | "warning" | "failed";
  /** How many were compared. */
  readonly compared: number;
  /** What was found, in one sentence without a full stop. */
  readonly found: string;
  /** The modules, processes, listeners or applications that are not as they should be, all of them. */
  readonly about: readonly string[];
}

/** The verification of an upgrade: each comparison in the order made, the latest of a kind only for each time. */
export interface Verified {
  readonly items: readonly VerifiedItem[];
  /** Whether none failed; `true` where nothing was compared, as by a dry run. */
  readonly ok: boolean;
  /** Modules whose loaded code was compared with the beams on disk. */
  readonly modules: number;
}

/** A list for one line. */
export function some(names: readonly string[], most = 5): string {
  const more = names.length - most;
  return names.slice(0, most).join(", ") + (more > 0 ? ` and ${more} more` : "");
}

/** Nothing out of the ordinary. */
export function ok(what: VerifiedWhat, compared: number, found: string): Omit<VerifiedItem, "at"> {
  return { what, result: "ok", compared, found, about: [] };
}
