/** What stands in the way to a version by the relup alone, before anybody looks at the node. */

import { type RelupPath, restartsEmulator } from "../relup/index.ts";
import { atom } from "../term/index.ts";
import type { UpgradeOptions } from "./events.ts";
import type { Finding } from "./preflight/finding.ts";
import { calledBy } from "./relup-calls.ts";

/** All that refuses this way, whatever the node is like: another direction, another run, no point of no return, a restart. */
export function obstacles(
  path: RelupPath,
  { direction }: UpgradeOptions,
  from: string,
  to: string,
): Finding[] {
  const found: Finding[] = [];
  const refuse = (code: string, what: string, cause: string, remedy: string) =>
    found.push({ code, severity: "refusal", what, cause, remedy, about: [path.file] });
  if (direction !== undefined && direction !== path.direction) {
    refuse(
      "other-direction",
      `from ${from} to ${to} is ${path.direction === "up" ? "an upgrade" : "a downgrade"}`,
      `a ${direction}grade was asked for`,
      `Use \`beamctl release ${path.direction}grade ${to}\`.`,
    );
  }
  const [caller] = path.instructions.flatMap((one) => calledBy(one) ?? []);
  if (caller !== undefined) {
    refuse(
      "relup-of-another-run",
      `the relup calls another run, of ${caller}`,
      "a run with --in-relup is under way, or ended without giving the relup back",
      `Wait for its end; if it has ended, give the relup back: \`beamctl relup restore ${path.direction === "up" ? to : from}\`.`,
    );
  }
  if (!path.instructions.includes(atom("point_of_no_return"))) {
    refuse(
      "no-point-of-no-return",
      "this relup has no point of no return",
      "nothing in it can be checked before the node is changed",
      "Build it with systools:make_relup.",
    );
  }
  if (restartsEmulator(path.instructions)) {
    refuse(
      "emulator-restart",
      "this relup restarts the emulator",
      "every client would be disconnected, and every process ended",
      "Deploy it as a restart instead, or build it with the OTP that runs, so that the relup needs none.",
    );
  }
  return found;
}
