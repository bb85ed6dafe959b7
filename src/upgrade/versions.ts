/** Which release runs, and whether the wished version is on the node and can be reached. */

import type { BeamNode } from "../node/index.ts";
import { type Release, type Remote, whichReleases } from "../otp/index.ts";
import { UpgradeError } from "./errors.ts";
import { unpackVersion } from "./release/unpack.ts";

/** The release that runs. */
export async function runningRelease(remote: Remote): Promise<Release> {
  const running = runningIn(await whichReleases(remote));
  if (running !== undefined) return running;
  throw new UpgradeError("unpack", "unchanged", "the node runs no release", {
    node: remote.name,
    remedy:
      "Start it from a release (RELEASES and start_erl.data present), not with `erl` or `iex`.",
  });
}

/** The one of these that runs: `current` while an upgrade is not yet permanent, else `permanent`. */
export function runningIn(releases: readonly Release[]): Release | undefined {
  return (
    releases.find(({ status }) => status === "current") ??
    releases.find(({ status }) => status === "permanent")
  );
}

/**
 * Makes sure that the version is unpacked; its files or its package must lie in the node's `releases` folder.
 * @returns whether it was unpacked just now
 */
export async function ensureUnpacked(
  node: BeamNode,
  running: Release,
  version: string,
  stateDirectory?: string,
): Promise<boolean> {
  if (running.version === version) {
    throw new UpgradeError("unpack", "unchanged", `${running.name} ${version} already runs`, {
      node: node.name,
      remedy: "Name another version; `beamctl release ls` lists them.",
    });
  }
  const { already } = await unpackVersion(node, running, version, { stateDirectory });
  return !already;
}
