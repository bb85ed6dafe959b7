/** The `sys.config` of the version: an install resets every application's environment to it. */

import { consultProblem, listDir, lostEnvironment } from "../../otp/index.ts";
import { moduleLabel } from "../../relup/index.ts";
import type { Finding } from "./finding.ts";
import type { Check, Given } from "./given.ts";

/** Keys of one application that are named; of more only their number is told. */
const SHOWN = 5;

/** A `sys.config` that cannot be read is an empty one to the release handler; what it lacks is taken out of the environments. */
export const configuration: Check = {
  name: "the configuration",
  find: async (given) => {
    const { remote, running, version, folderOf, call } = given;
    const file = `${folderOf(version)}/sys.config`;
    const problem = await consultProblem(remote, file, call);
    if (problem === undefined) return lost(given, file);
    if (problem === "enoent" && (await hasNone(given, running.version))) return [];
    return [
      {
        code: "sys-config-unusable",
        severity: "refusal",
        what: `${file} cannot be used: ${problem}`,
        cause: "the install would empty the environment of every application",
        remedy: "Repair the file first.",
        about: [file],
      },
    ];
  },
};

/** What `runtime.exs` sets at a boot is not in the file, so a release that has one breaks: that is more than a warning. */
async function lost(given: Given, file: string): Promise<Finding[]> {
  const { remote, running, version, folderOf, call } = given;
  const own = `${folderOf(running.version)}/sys.config`;
  const runtime = (await listDir(remote, folderOf(version), call)).includes("runtime.exs");
  return (await lostEnvironment(remote, file, own, call)).map(({ application, keys }) => {
    const names = keys.map((path) => path.map(moduleLabel).join("."));
    const shown = names.slice(0, SHOWN).join(", ");
    const more = keys.length > SHOWN ? ` and ${keys.length - SHOWN} more` : "";
    return {
      code: "environment-lost",
      severity: runtime ? "danger" : "warning",
      what: `${file} lacks what is set in the environment of ${application} now: ${shown}${more}`,
      cause: "the install takes it away; what reads it later fails or falls back to a default",
      remedy: runtime
        ? `\`beamctl release prepare ${version}\` merges what its runtime.exs gives.`
        : "Put it in the new release's configuration, or set it again after the upgrade.",
      about: names.map((name) => `${application}.${name}`),
    };
  });
}

async function hasNone({ remote, folderOf, call }: Given, version: string): Promise<boolean> {
  return (await consultProblem(remote, `${folderOf(version)}/sys.config`, call)) === "enoent";
}
