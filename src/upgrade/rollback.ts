/** The way back: from a version that is not permanent to the one that is, hot. */

import type { BeamNode } from "../node/index.ts";
import { type Remote, whichReleases } from "../otp/index.ts";
import { RelupError, readRelup, restartsEmulator } from "../relup/index.ts";
import { UpgradeError } from "./errors.ts";
import type { UpgradeEvent, UpgradeOptions, UpgradeReport } from "./events.ts";
import { type Operation, startOperation } from "./operation.ts";
import { runUpgrade } from "./start.ts";
import { runningRelease } from "./versions.ts";

/**
 * Goes from the version that runs, and is not permanent, back to the permanent one: an `upgrade()` to it with the same options, guarded and verified
 * as any. It never restarts the node.
 * @throws UpgradeError when what runs is permanent, or no relup leads back; nothing is changed then. Else as `upgrade()`
 * @example
 * import { rollbackRelease, upgrade } from "beamctl";
 *
 * await upgrade(node, "0.2.0", { permanent: false });
 * const { to } = await rollbackRelease(node); // the version before
 */
export function rollbackRelease(
  node: BeamNode,
  options: Omit<UpgradeOptions, "direction" | "permanent" | "rollbackOnFailure"> = {},
): Operation<UpgradeEvent, UpgradeReport> {
  return startOperation(async (emit, id, signal) => {
    const version = await wayBack(node);
    return runUpgrade(node, version, options, { emit, id, signal, back: true });
  }, options.signal);
}

/** The permanent version, when a relup leads from the running one to it. Read-only. */
async function wayBack(remote: Remote): Promise<string> {
  const { version, status } = await runningRelease(remote);
  const releases = await whichReleases(remote);
  if (status === "permanent") {
    const old = releases.filter((one) => one.status === "old").map((one) => one.version);
    throw refused(
      remote,
      `${version} runs and is permanent: there is nothing to roll back`,
      old.length === 0
        ? "No older version is on the node."
        : `To leave it: \`beamctl release downgrade ${old.length === 1 ? old[0] : "VERSION"}\`.`,
    );
  }
  const permanent = releases.find((one) => one.status === "permanent");
  if (permanent === undefined) {
    throw refused(remote, "no version is permanent", "`beamctl release ls` shows what is there.");
  }
  const restart = `A restart of the node boots ${permanent.version}, and disconnects its clients: restart it when you may.`;
  try {
    const path = await readRelup(remote, version, permanent.version);
    if (!restartsEmulator(path.instructions)) return permanent.version;
  } catch (error) {
    if (!(error instanceof RelupError)) throw error;
    throw refused(remote, error.message, restart, error);
  }
  const text = `the way from ${version} back to ${permanent.version} restarts the emulator`;
  throw refused(remote, text, restart);
}

function refused(remote: Remote, message: string, remedy: string, cause?: unknown): UpgradeError {
  return new UpgradeError("unpack", "unchanged", message, { node: remote.name, remedy, cause });
}
