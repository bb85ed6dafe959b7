/** What a version still lacks, as it is shown before it is done. */

/** One change that `prepareRelease` makes. */
export interface ReleaseChange {
  readonly step: "sasl" | "releases" | "unpack" | "relup" | "config";
  /** What is done. */
  readonly what: string;
  /** Why it is needed. */
  readonly why: string;
  /** The files and folders on the node that it makes or replaces. */
  readonly files: readonly string[];
  /** How it is undone. */
  readonly undo: string;
}

/** Something that a version lacks and that cannot be done from outside. */
export interface ReleaseProblem {
  readonly step: ReleaseChange["step"];
  readonly what: string;
  readonly remedy: string;
}

/** A change or a problem, or neither. */
export interface Found {
  readonly change?: ReleaseChange;
  readonly problems?: readonly ReleaseProblem[];
  /** What is worth knowing, and nothing is to be done about from here. */
  readonly notes?: readonly string[];
}
