/** What a check found, in a form that a person can act on. */

/**
 * `refusal`: the upgrade cannot work, or would harm. `danger`: it is not done unless the user accepts this very code. `warning`: it is done,
 * and somebody should know before. `notice`: worth knowing.
 */
export type Severity = "refusal" | "danger" | "warning" | "notice";

/** The severities from the worst on. */
export const SEVERITIES: readonly Severity[] = ["refusal", "danger", "warning", "notice"];

/** One thing that a check found. Nothing in it is a value of a state, a dictionary or an environment. */
export interface Finding {
  /** Stable and hyphenated, as `sys-config-unreadable`: what `accept` names, and what the documentation lists. */
  readonly code: string;
  readonly severity: Severity;
  /** What is so, in one sentence without a full stop. */
  readonly what: string;
  /** Why it matters: what would come of it. */
  readonly cause: string;
  /** What to do about it: a command, or a change to the release. */
  readonly remedy: string;
  /** The modules, processes, files or applications that it is about; all of them, for machines. Default none. */
  readonly about?: readonly string[];
}
