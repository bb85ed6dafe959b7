/** Why Ranch 2 cannot be seen on a node, in words. */

import type { Answer } from "../otp/index.ts";
import { type Term, Tuple } from "../term/index.ts";

/** `ranch_not_running`, or `{ranch_1, Version}`. */
export function reasonOf(answer: Answer, reason: Term | undefined): string {
  if (reason instanceof Tuple) {
    return `Ranch ${answer.text(reason.items[1])} is older than 2.0 and not supported yet`;
  }
  return "Ranch does not run on this node";
}
