/** Where the node keeps its releases. */

import { Atom, atom, charlist, Tuple, textOf } from "../term/index.ts";
import { rootDir } from "./code.ts";
import type { CallOptions, Remote } from "./remote.ts";

/** Folders on the node, as the release handler finds them. */
export interface ReleasePlaces {
  /** `code:root_dir/0`: `lib` and `erts-*` lie there. */
  readonly root: string;
  /** Versions, packages and `RELEASES`: `releases` below the root, unless sasl's `releases_dir` or `RELDIR` says otherwise. */
  readonly releases: string;
}

/** Asks the node for both, as `release_handler` does when it starts. Read-only. */
export async function releasePlaces(remote: Remote, options?: CallOptions): Promise<ReleasePlaces> {
  const [root, configured, variable] = await Promise.all([
    rootDir(remote, options),
    remote.call("application", "get_env", [atom("sasl"), atom("releases_dir")], options),
    remote.call("os", "getenv", [charlist("RELDIR")], options),
  ]);
  const named = configured instanceof Tuple ? configured.items[1] : variable;
  const given = named === undefined || named instanceof Atom ? undefined : textOf(named);
  return { root, releases: given ?? `${root}/releases` };
}
