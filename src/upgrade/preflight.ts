/** What the release handler's own check passes over, asked before anything is touched. */

import { checkInstallRelease, consultProblem, type Remote, rootDir } from "../otp/index.ts";
import { UpgradeError } from "./errors.ts";

/**
 * `release_handler:check_install_release/1`, and whether `sys.config` of the version can be read: the release handler takes one that
 * cannot for an empty one, and resets the environment of every application. Read-only.
 * @throws ReleaseHandlerError, UpgradeError
 */
export async function preflight(remote: Remote, running: string, version: string): Promise<void> {
  await checkInstallRelease(remote, version);
  const config = `${await rootDir(remote)}/releases/${version}/sys.config`;
  const problem = await consultProblem(remote, config);
  if (problem === undefined) return;
  if (problem === "enoent" && (await hasNoConfig(remote, running))) return;
  throw new UpgradeError("check", "unchanged", `${config} cannot be used: ${problem}`, {
    node: remote.name,
    remedy: "The install would empty the environment of every application: repair the file first.",
  });
}

async function hasNoConfig(remote: Remote, version: string): Promise<boolean> {
  const config = `${await rootDir(remote)}/releases/${version}/sys.config`;
  return (await consultProblem(remote, config)) === "enoent";
}
