/** What the release handler's own check passes over, asked before anything is touched. */

import {
  type CallOptions,
  checkInstallRelease,
  consultProblem,
  type Remote,
  rootDir,
  whichReleases,
} from "../otp/index.ts";
import { UpgradeError } from "./errors.ts";

/**
 * `release_handler:check_install_release/1`, and two things that it passes over. Read-only.
 *
 * - A version that a node was booted in without a file RELEASES has no applications: the install of it finds no code, and crashes half way.
 * - A `sys.config` that cannot be read is an empty one to the release handler, which resets the environment of every application.
 * @throws ReleaseHandlerError, UpgradeError
 */
export async function preflight(
  remote: Remote,
  running: string,
  version: string,
  options?: CallOptions,
): Promise<void> {
  await checkInstallRelease(remote, version, options);
  await refuseUnknownApplications(remote, version);
  const config = `${await rootDir(remote)}/releases/${version}/sys.config`;
  const problem = await consultProblem(remote, config);
  if (problem === undefined) return;
  if (problem === "enoent" && (await hasNoConfig(remote, running))) return;
  throw new UpgradeError("check", "unchanged", `${config} cannot be used: ${problem}`, {
    node: remote.name,
    remedy: "The install would empty the environment of every application: repair the file first.",
  });
}

async function refuseUnknownApplications(remote: Remote, version: string): Promise<void> {
  const release = (await whichReleases(remote)).find((known) => known.version === version);
  if (release === undefined || release.libraries.length > 0) return;
  throw new UpgradeError(
    "check",
    "unchanged",
    `the release handler knows no applications of ${version}: an install would fail half way`,
    {
      node: remote.name,
      remedy:
        "The node was first booted without releases/RELEASES: go there by a restart in that version, and make the file before (release_handler:create_RELEASES).",
    },
  );
}

async function hasNoConfig(remote: Remote, version: string): Promise<boolean> {
  const config = `${await rootDir(remote)}/releases/${version}/sys.config`;
  return (await consultProblem(remote, config)) === "enoent";
}
