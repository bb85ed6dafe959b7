/** The end of an upgrade: the version becomes the one that a restart boots, and nobody is killed for it. */

import { setTimeout as delay } from "node:timers/promises";
import { AbortedError } from "../errors.ts";
import {
  bootVersion,
  makePermanent,
  modulesWithOldCode,
  processesRunningOldCode,
  type Remote,
} from "../otp/index.ts";
import { moduleLabel } from "../relup/index.ts";
import { UpgradeError } from "./errors.ts";
import { runningRelease } from "./versions.ts";

const POLL = 250;
const SHOWN = 5;

/** How a version is made permanent. */
export interface CommitOptions {
  /** How long processes in old code may take to end, in milliseconds. Default 60,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/**
 * Makes the version that runs the one that a restart boots, after an upgrade with `permanent: false`: as the end of `upgrade()` does, for all modules
 * that have old code. One that is permanent already is as wished.
 * @throws UpgradeError with the processes that are left in old code; the version runs, but is not permanent
 */
export async function commitRelease(
  remote: Remote,
  options: CommitOptions = {},
): Promise<{ readonly version: string; readonly already: boolean }> {
  const { version, status } = await runningRelease(remote);
  if (status === "permanent") return { version, already: true };
  await commit(remote, version, await modulesWithOldCode(remote), options);
  return { version, already: false };
}

/**
 * `release_handler:make_permanent/1`, once no process runs old code of these modules any more: the release handler purges it then, and
 * that kills whoever still runs it, as a slow request that began before the upgrade. Read back: `start_erl.data` names the version.
 * @throws UpgradeError with the processes that are left, or when a restart would boot another version; the version runs
 */
export async function commit(
  remote: Remote,
  version: string,
  modules: readonly string[],
  { timeout = 60_000, signal }: CommitOptions = {},
): Promise<void> {
  const until = performance.now() + timeout;
  for (;;) {
    const old = await processesRunningOldCode(remote, modules);
    const running = old.filter(({ pids }) => pids.length > 0);
    if (running.length === 0) break;
    if (performance.now() >= until) {
      const shown = running
        .slice(0, SHOWN)
        .map(({ module, pids }) => `${moduleLabel(module)} (${pids.length})`);
      throw changed(
        remote,
        `${version} runs but is not permanent: processes still run old code of ${shown.join(", ")}`,
        "When they have ended: `beamctl release commit`.",
      );
    }
    if (signal?.aborted) {
      throw new AbortedError(`making ${version} permanent`, { cause: signal.reason });
    }
    await delay(POLL);
  }
  await makePermanent(remote, version);
  const boots = await bootVersion(remote);
  if (boots !== undefined && boots !== version) {
    const text = `${version} is permanent to the release handler, but start_erl.data names ${boots}`;
    throw changed(remote, text, "A restart would boot that: correct the file on the node.");
  }
}

function changed(remote: Remote, message: string, remedy: string): UpgradeError {
  return new UpgradeError("permanent", "changed", message, { node: remote.name, remedy });
}
