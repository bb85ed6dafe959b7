/** The release handler evaluates the relup; meanwhile nobody resumes anything. */

import type { Guardian } from "../guard/index.ts";
import type { BeamNode } from "../node/index.ts";
import { installRelease } from "../otp/index.ts";

/**
 * `release_handler:install_release/2` with the guardian told first: while it runs, new code may be loaded and state not yet
 * changed, so an undo must wait for its answer. The wait here is only an observer's: a call that timed out is never repeated.
 * @param timeout the longest that the install may take, in milliseconds
 */
export async function install(
  node: BeamNode,
  guardian: Guardian,
  version: string,
  timeout: number,
): Promise<void> {
  await guardian.enter("install", { longest: timeout });
  await installRelease(node, version, { updatePaths: true, timeout });
  await guardian.enter("freeze");
}
