/** What the end of a hold looked like. */

/** What was given back, by whom, and what was not. */
export interface UndoReport {
  readonly operation: string;
  /** `asked` when its controller ended it, else why the guardian gave up: see GuardLostError. */
  readonly why: string;
  /** Whether the guardian undid it by itself. */
  readonly undoneByGuard: boolean;
  /** Processes resumed, those that were frozen too, and acceptors restarted over the whole operation. */
  readonly resumed: number;
  readonly restarted: number;
  /** Processes that were frozen by a guardian that died: the runtime resumed them with its end. */
  readonly freed: number;
  /** Processes that ended while they were held. */
  readonly died: number;
  /** Processes that did not take their suspend or freeze in time, and were called back. */
  readonly late: number;
  /** Processes of the operation found suspended, or still frozen by the guardian, at the end; `undefined` when the link is lost and nobody could look. */
  readonly leftSuspended: number | undefined;
  /** Acceptors that could not be started again; `undefined` when some were held and nobody could look. */
  readonly leftHeld: number | undefined;
}

/** What is left of a hold: `unknown` when the link was lost, and the guardian undoes it without us. */
export function leftOf({
  leftSuspended,
  leftHeld,
}: UndoReport): "nothing" | "something" | "unknown" {
  if ((leftSuspended ?? 0) + (leftHeld ?? 0) > 0) return "something";
  return leftSuspended === undefined || leftHeld === undefined ? "unknown" : "nothing";
}
