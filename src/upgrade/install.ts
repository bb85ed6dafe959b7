/** The release handler evaluates the relup; meanwhile nobody resumes anything. */

import { TimeoutError } from "../errors.ts";
import type { Guardian } from "../guard/index.ts";
import type { BeamNode } from "../node/index.ts";
import { installRelease, whichReleases } from "../otp/index.ts";
import { InstallRunningError } from "./errors.ts";

/**
 * `release_handler:install_release/2` with the guardian told first: while it runs, new code may be loaded and state not yet
 * changed, so an undo must wait for its answer. The wait here is only an observer's: a call that timed out is never repeated.
 * @throws InstallRunningError when it has not ended by then
 * @param timeout the longest that the install may take, in milliseconds
 */
export async function install(
  node: BeamNode,
  guardian: Guardian,
  version: string,
  timeout: number,
): Promise<void> {
  await guardian.enter("install", { longest: timeout });
  try {
    await installRelease(node, version, { updatePaths: true, timeout });
  } catch (error) {
    if (error instanceof TimeoutError && (await stillRuns(node))) {
      throw new InstallRunningError(node.name, version, timeout, error);
    }
    throw error;
  }
  await guardian.enter("freeze");
}

/** The release handler is one server: it answers nobody while it installs. */
async function stillRuns(node: BeamNode): Promise<boolean> {
  try {
    await whichReleases(node, { timeout: 1_000 });
    return false;
  } catch (error) {
    return error instanceof TimeoutError;
  }
}
