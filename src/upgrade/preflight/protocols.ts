/** Consolidated protocols: a mix release has them in a folder of the version, and no relup loads them. */

import { LoadProtocols } from "../../instructions/index.ts";
import { consolidatedProtocols, processesRunningOldCode } from "../../otp/index.ts";
import { changedModules, moduleLabel } from "../../relup/index.ts";
import type { Finding } from "./finding.ts";
import type { Check, Given } from "./given.ts";
import { few, labels, number, plans } from "./words.ts";

const OPTION = "Load them in the same run: `--load-protocols` (`loadProtocols: true`).";

/** A protocol that stays as it is does not know the structs that the new version implements it for. */
export const protocols: Check = {
  name: "the consolidated protocols",
  find: async (given) => {
    const { remote, version, folderOf, path, options, call } = given;
    const folder = `${folderOf(version)}/consolidated`;
    const differ = (await consolidatedProtocols(remote, folder, call))
      .filter(({ same, loaded }) => loaded && !same)
      .map(({ module }) => module);
    if (options.loadProtocols === true || plans(options, LoadProtocols)) {
      return inOldCode(given, differ);
    }
    const loaded = new Set(changedModules(path.instructions));
    const stale = differ.filter((module) => !loaded.has(module));
    const plain = differ.filter((module) => loaded.has(module));
    const found: Finding[] = [];
    if (stale.length > 0) {
      const which = number(
        stale.length,
        "consolidated protocol differs",
        "consolidated protocols differ",
      );
      found.push({
        code: "protocols-not-loaded",
        severity: "danger",
        what: `${which} from what is loaded, and the relup does not load ${stale.length === 1 ? "it" : "them"}: ${labels(stale)}`,
        cause:
          "what the new version implements them for is not known to them: they raise Protocol.UndefinedError, or fall back to Any",
        remedy: OPTION,
        about: stale,
      });
    }
    if (plain.length > 0) {
      found.push({
        code: "protocols-unconsolidated",
        severity: "warning",
        what: `the relup loads ${number(plain.length, "protocol")} out of the application's own folder: ${labels(plain)}`,
        cause:
          "those are not consolidated: they look for an implementation at every call, until a restart",
        remedy: OPTION,
        about: plain,
      });
    }
    return found;
  },
};

/** LoadProtocols kills nobody, so it would fail, and after the install. */
async function inOldCode({ remote, call }: Given, modules: readonly string[]): Promise<Finding[]> {
  const running = await processesRunningOldCode(remote, modules, call);
  return running
    .filter(({ pids }) => pids.length > 0)
    .map(({ module, pids }) => ({
      code: "protocols-old-code",
      severity: "refusal",
      what: `${number(pids.length, "process runs", "processes run")} old code of the protocol ${moduleLabel(module)}: ${few(pids)}`,
      cause: "its new code cannot be loaded without killing them",
      remedy: "Let them end, or restart them.",
      about: [module, ...pids.map(String)],
    }));
}
