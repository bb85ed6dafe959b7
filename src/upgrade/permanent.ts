/** The end of an upgrade: the version becomes the one that a restart boots, and nobody is killed for it. */

import { setTimeout as delay } from "node:timers/promises";
import { makePermanent, processesRunningOldCode, type Remote } from "../otp/index.ts";
import { UpgradeError } from "./errors.ts";

const POLL = 250;
const SHOWN = 5;

/**
 * `release_handler:make_permanent/1`, once no process runs old code of these modules any more: the release handler purges it then, and
 * that kills whoever still runs it, as a slow request that began before the upgrade.
 * @param timeout how long such processes may take to end, in milliseconds
 * @throws UpgradeError with the processes that are left; the version runs, but is not permanent
 */
export async function commit(
  remote: Remote,
  version: string,
  modules: readonly string[],
  timeout: number,
): Promise<void> {
  const until = performance.now() + timeout;
  for (;;) {
    const old = await processesRunningOldCode(remote, modules);
    const running = old.filter(({ pids }) => pids.length > 0);
    if (running.length === 0) break;
    if (performance.now() >= until) {
      const shown = running.slice(0, SHOWN).map(({ module, pids }) => `${module} (${pids.length})`);
      throw new UpgradeError(
        "permanent",
        "changed",
        `${version} runs but is not permanent: processes still run old code of ${shown.join(", ")}`,
        {
          node: remote.name,
          remedy: `When they have ended: beamctl rpc -m release_handler -f make_permanent --lang erlang '"${version}"'`,
        },
      );
    }
    await delay(POLL);
  }
  await makePermanent(remote, version);
}
