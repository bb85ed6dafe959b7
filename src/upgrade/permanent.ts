/** The end of an upgrade: the version becomes the one that a restart boots, and nobody is killed for it. */

import { setTimeout as delay } from "node:timers/promises";
import { AbortedError } from "../errors.ts";
import {
  bootVersion,
  makePermanent,
  modulesWithOldCode,
  type OldCodeUser,
  oldCodeUsers,
  processesRunningOldCode,
  type Remote,
  whichReleases,
} from "../otp/index.ts";
import { changedModules, moduleLabel, RelupError, readRelup } from "../relup/index.ts";
import { inspect } from "../term/index.ts";
import { UpgradeError } from "./errors.ts";
import { installedItems, type VerifiedItem } from "./verify/index.ts";
import { runningRelease } from "./versions.ts";

const POLL = 250;
const SHOWN = 5;

/** How a version is made permanent. */
export interface CommitOptions {
  /** How long processes in old code may take to end, in milliseconds. Default 60,000. */
  readonly timeout?: number;
  /** Only look: who would be killed, and whether what runs is what the release says. Default `false`. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** What a commit came to, or would. */
export interface Commitment {
  readonly version: string;
  /** Whether it was permanent before: then nothing was done or compared. */
  readonly already: boolean;
  readonly permanent: boolean;
  /** Who ran old code when it was looked at: `make_permanent` kills them if they still do then. Of many the first fifty. */
  readonly oldCode: { readonly count: number; readonly first: readonly OldCodeUser[] };
  readonly verified: readonly VerifiedItem[];
}

/**
 * Makes the version that runs the one that a restart boots, after an upgrade with `permanent: false`: as the end of `upgrade()` does, for all modules
 * that have old code. Before that its applications and the loaded code of all that changed are compared. One that is permanent already is as wished.
 * @throws UpgradeError with what differs, or the processes that are left in old code; the version runs, but is not permanent
 * @example
 * import { commitRelease } from "beamctl";
 *
 * const { oldCode } = await commitRelease(node, { dryRun: true });
 * if (oldCode.count === 0) await commitRelease(node, { timeout: 10_000 });
 */
export async function commitRelease(
  remote: Remote,
  options: CommitOptions = {},
): Promise<Commitment> {
  const { version, status } = await runningRelease(remote);
  if (status === "permanent") {
    const oldCode = { count: 0, first: [] };
    return { version, already: true, permanent: true, oldCode, verified: [] };
  }
  const verified = await compared(remote, version);
  const oldCode = await oldCodeUsers(remote);
  const failed = verified.filter(({ result }) => result === "failed");
  if (options.dryRun === true)
    return { version, already: false, permanent: false, oldCode, verified };
  if (failed.length > 0) {
    const text = failed.map(({ what, found }) => `${what}: ${found}`).join("; and ");
    throw new UpgradeError("verify", "changed", text, {
      node: remote.name,
      remedy:
        "Go back with `beamctl release rollback`, or restart the node: it boots the former release.",
    });
  }
  await commit(remote, version, await modulesWithOldCode(remote), options);
  return { version, already: false, permanent: true, oldCode, verified };
}

/** What runs, compared with the release; what its relup loads is known when the way to it can be read. */
async function compared(remote: Remote, version: string): Promise<VerifiedItem[]> {
  const from = (await whichReleases(remote)).find(({ status }) => status === "permanent");
  const path =
    from === undefined
      ? undefined
      : await readRelup(remote, from.version, version).catch((error: unknown) => {
          if (error instanceof RelupError) return undefined;
          throw error;
        });
  const instructions = path?.instructions ?? [];
  const modules = changedModules(instructions);
  const expected = { version, from, applications: undefined, modules, instructions };
  return (await installedItems(remote, expected)).map((item) => ({ ...item, at: "installed" }));
}

/** Who is in old code, in one line: what `make_permanent` would kill. */
export function oldCodeText({ count, first }: Commitment["oldCode"]): string {
  const named = first
    .slice(0, SHOWN)
    .map(({ pid, what, module }) => `${inspect(pid)} ${what} (old ${moduleLabel(module)})`);
  const more = count > named.length ? ` and ${count - named.length} more` : "";
  return `${count} processes run old code: ${named.join(", ")}${more}`;
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
  { timeout = 60_000, signal }: Pick<CommitOptions, "timeout" | "signal"> = {},
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
