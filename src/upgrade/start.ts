/** Starting an upgrade, and going back after one that fails on trial. */

import { randomUUID } from "node:crypto";
import type { BeamNode } from "../node/index.ts";
import type { UpgradeEvent, UpgradeOptions, UpgradeReport } from "./events.ts";
import { isOnTrial, wentBack } from "./on-trial.ts";
import { type Operation, startOperation } from "./operation.ts";
import { type Told, Upgrade } from "./upgrade.ts";

/**
 * Upgrades (or downgrades) the node's release to `version`, whose package lies unpacked or as `NAME-VSN.tar.gz` in the node's
 * `releases` folder. Websocket clients stay connected: what is suspended waits, and is resumed whatever happens.
 *
 * Follows OTP's release_handler(3): unpack_release, check_install_release, install_release, make_permanent. Meant for a busy
 * production node; cancelling before the install undoes everything, cancelling later lets it finish.
 * @throws UpgradeError with the stage that failed and what the node is like now
 * @example
 * import { upgrade } from "beamctl";
 *
 * const operation = upgrade(node, "0.2.0", { drainTimeout: 2_000, soak: 60_000 });
 * for await (const event of operation) console.error(event); // what happens on the way
 * const { pauseMs, leftSuspended } = await operation; // what came of it
 */
export function upgrade(
  node: BeamNode,
  version: string,
  options: UpgradeOptions = {},
): Operation<UpgradeEvent, UpgradeReport> {
  return startOperation(
    (emit, id, signal) => runUpgrade(node, version, options, { emit, id, signal }),
    options.signal,
  );
}

/** The work of {@link upgrade}, within an operation; with the way back after a failure when the options want it. */
export async function runUpgrade(
  node: BeamNode,
  version: string,
  options: UpgradeOptions,
  told: Told,
): Promise<UpgradeReport> {
  const first = new Upgrade(node, version, options, told);
  try {
    return await first.run();
  } catch (error) {
    if (options.rollbackOnFailure !== true || !isOnTrial(error)) throw error;
    const back = { ...told, id: randomUUID(), signal: new AbortController().signal, back: true };
    const { direction: _, soak: __, rollbackOnFailure: ___, ...same } = options;
    // One that was on trial itself stays on trial.
    const own: UpgradeOptions = { ...same, permanent: first.wasPermanent };
    throw await wentBack(error, first.from, () => new Upgrade(node, first.from, own, back).run());
  }
}
