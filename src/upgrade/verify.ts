/** Nothing is believed: after the install the node is asked what it really runs. */

import { loadedAgainstDisk, type Remote, whichApplications, whichReleases } from "../otp/index.ts";
import { UpgradeError } from "./errors.ts";

/**
 * Reads back that the version is current, that every application of it runs in the version the release names, and that the loaded
 * code of each changed module equals its beam on disk.
 * @returns how many modules were compared
 * @throws UpgradeError that names the first difference
 */
export async function verifyInstalled(
  remote: Remote,
  version: string,
  modules: readonly string[],
): Promise<number> {
  const release = (await whichReleases(remote)).find((found) => found.version === version);
  if (release?.status !== "current" && release?.status !== "permanent") {
    throw different(remote, `release ${version} is ${release?.status ?? "unknown"}, not current`);
  }
  const running = await whichApplications(remote);
  for (const library of release.libraries) {
    const app = running.find(({ name }) => name === library.name);
    if (app !== undefined && app.version !== library.version) {
      throw different(remote, `${app.name} runs as ${app.version}, not ${library.version}`);
    }
  }
  const compared = await loadedAgainstDisk(remote, modules);
  const stale = compared.filter(({ same }) => !same).map(({ module }) => module);
  if (stale.length > 0) {
    throw different(remote, `loaded code differs from the beams on disk: ${stale.join(", ")}`);
  }
  return compared.length;
}

function different(remote: Remote, message: string): UpgradeError {
  return new UpgradeError("verify", "changed", message, {
    node: remote.name,
    remedy: "Downgrade, or restart the node: it is not yet permanent and boots its old release.",
  });
}
