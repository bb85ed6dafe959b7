/** The stages after the resume: the new version is what was wanted and serves as before, proves itself for a while, and becomes permanent. */

import { AbortedError } from "../errors.ts";
import type { BeamNode } from "../node/index.ts";
import { oldCodeUsers } from "../otp/index.ts";
import { changedModules } from "../relup/index.ts";
import type { UpgradeOptions } from "./events.ts";
import { commit, oldCodeText } from "./permanent.ts";
import type { Prepared } from "./prepare.ts";
import type { Stages } from "./stages.ts";
import type { Verification } from "./verify/index.ts";

/** What the last stages go by. */
interface Last {
  readonly node: BeamNode;
  readonly version: string;
  readonly options: UpgradeOptions;
  readonly stages: Stages;
  readonly verification: Verification | undefined;
  readonly signal: AbortSignal;
}

/** Everything runs again when they begin. Who stops it now does not want the version to stay, and it does not become permanent. */
export async function lastStages(prepared: Prepared, given: Last): Promise<void> {
  const { options, stages, verification, signal } = given;
  const { permanent = true, soak = 0 } = options;
  await stages.in("verify", async () => verification?.installed());
  if (soak > 0) await stages.in("soak", async () => verification?.soak(soak, signal));
  else stages.skip("soak");
  if (permanent) await stages.in("permanent", () => makePermanent(prepared, given));
  else stages.skipRest("permanent");
}

async function makePermanent(
  { path }: Prepared,
  { node, version, options, stages, signal }: Last,
): Promise<void> {
  if (signal.aborted) {
    throw new AbortedError(`making ${version} permanent`, {
      remedy:
        "Everything runs, in the new version: `beamctl release rollback` goes back, `beamctl release commit` keeps it.",
      cause: signal.reason,
    });
  }
  const oldCode = await oldCodeUsers(node);
  if (oldCode.count > 0) stages.log("warning", `${oldCodeText(oldCode)}; they may end first`);
  const { permanentTimeout: timeout = 60_000 } = options;
  await commit(node, version, changedModules(path.instructions), { timeout, signal });
}
