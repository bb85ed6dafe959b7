/** Where the node keeps its releases. */

import { Answer, type CallOptions, type Remote, runScript, Script } from "../../otp/index.ts";

/** Folders on the node, as the release handler finds them. */
export interface Places {
  /** `code:root_dir()`: `lib` and `erts-*` lie there. */
  readonly root: string;
  /** Versions, packages and `RELEASES`: `releases` below the root, unless sasl's `releases_dir` or `RELDIR` says otherwise. */
  readonly releases: string;
}

/** Asks the node. Read-only. */
export async function placesOf(remote: Remote, options?: CallOptions): Promise<Places> {
  const answer = new Answer(remote, PLACES.name);
  const [root, releases] = answer.tuple(await runScript(remote, PLACES, {}, options), 2);
  return { root: answer.text(root), releases: answer.text(releases) };
}

// As release_handler:init/1 does.
const PLACES: Script = new Script({
  name: "release_places",
  source: `
Root = code:root_dir(),
{Root, case application:get_env(sasl, releases_dir) of
    {ok, Dir} -> Dir;
    undefined -> case os:getenv("RELDIR") of false -> filename:join(Root, "releases"); Dir -> Dir end
end}`,
});

/** For names of backups, which sort by time; in UTC of this machine. */
export function stamp(): string {
  return new Date().toISOString().replace(/[-:]/g, "");
}
