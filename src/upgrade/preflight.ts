/** What the release handler's own check passes over, asked before anything is touched. */

import {
  type CallOptions,
  checkInstallRelease,
  consultProblem,
  lostEnvironment,
  type Remote,
  rootDir,
  whichReleases,
} from "../otp/index.ts";
import { moduleLabel } from "../relup/index.ts";
import { UpgradeError } from "./errors.ts";

/** Keys of one application that are named; of more only their number is told. */
const SHOWN = 5;

/**
 * `release_handler:check_install_release/1`, and three things that it passes over. Read-only.
 *
 * - A version that a node was booted in without a file RELEASES has no applications: the install of it finds no code, and crashes half way.
 * - A `sys.config` that cannot be read is an empty one to the release handler, which resets the environment of every application.
 * - What is in the environment of applications and in neither their .app file nor the new `sys.config` is taken away by an install: that may be meant,
 *   so it is a warning.
 * @throws ReleaseHandlerError, UpgradeError
 */
export async function preflight(
  remote: Remote,
  running: string,
  version: string,
  options: CallOptions & { readonly warn: (text: string) => void },
): Promise<void> {
  const { warn, ...limits } = options;
  await checkInstallRelease(remote, version, limits);
  await refuseUnknownApplications(remote, version);
  const config = `${await rootDir(remote)}/releases/${version}/sys.config`;
  const problem = await consultProblem(remote, config);
  if (problem === undefined) {
    for (const { application, keys } of await lostEnvironment(remote, config)) {
      const shown = keys.slice(0, SHOWN).map(moduleLabel).join(", ");
      const more = keys.length > SHOWN ? ` and ${keys.length - SHOWN} more` : "";
      warn(
        `${config} lacks what is set in the environment of ${application} now: ${shown}${more} (\`beamctl release prepare ${version}\` merges its runtime.exs)`,
      );
    }
    return;
  }
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
      remedy: `The node was first booted without releases/RELEASES: \`beamctl release prepare ${version}\` makes it (release_handler:create_RELEASES).`,
    },
  );
}

async function hasNoConfig(remote: Remote, version: string): Promise<boolean> {
  const config = `${await rootDir(remote)}/releases/${version}/sys.config`;
  return (await consultProblem(remote, config)) === "enoent";
}
