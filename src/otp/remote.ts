/** What this room needs of a node: a name and calls. Narrow on purpose, so that an observer can stand in for a node. */

import type { CallOptions } from "../node/index.ts";
import type { Term } from "../term/index.ts";

/** A node that functions can be called on. `BeamNode` is one; {@link observer} makes a read-only one. */
export interface Remote {
  /** The node's full name. */
  readonly name: string;
  /**
   * Calls `module:fun` with these arguments on the node and resolves to its result.
   * @throws RemoteError when the function raised; TimeoutError and AbortedError end the wait, not the function
   */
  call(module: string, fun: string, args: readonly Term[], options?: CallOptions): Promise<Term>;
}

/** A deadline in milliseconds (default 5000, `0` or `Infinity` none) and an abort signal for one call. */
export type { CallOptions };
