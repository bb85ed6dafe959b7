/** Which cookie is shared with whom. */

import { NotAllowedError } from "../errors.ts";
import type { SessionOptions } from "../session-types.ts";

/** @throws NotAllowedError when there is no cookie for this node */
export function cookieFor(cookie: SessionOptions["cookie"], peer: string): string {
  const found = typeof cookie === "function" ? cookie(peer) : cookie;
  if (found === undefined) throw new NotAllowedError(peer, "has no cookie in common with us");
  return found;
}
