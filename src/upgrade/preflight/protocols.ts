/** Consolidated protocols: a mix release has them in a folder of the version, and no relup loads them. */

import { consolidatedProtocols } from "../../otp/index.ts";
import { changedModules } from "../../relup/index.ts";
import type { Finding } from "./finding.ts";
import type { Check } from "./given.ts";
import { labels, number } from "./words.ts";

const OPTION = "Load them in the same run: `--load-protocols` (`loadProtocols: true`).";

/** A protocol that stays as it is does not know the structs that the new version implements it for. */
export const protocols: Check = {
  name: "the consolidated protocols",
  find: async ({ remote, version, folderOf, path, options, call }) => {
    if (options.loadProtocols === true) return [];
    const folder = `${folderOf(version)}/consolidated`;
    const differ = (await consolidatedProtocols(remote, folder, call))
      .filter(({ same, loaded }) => loaded && !same)
      .map(({ module }) => module);
    const loaded = new Set(changedModules(path.instructions));
    const stale = differ.filter((module) => !loaded.has(module));
    const plain = differ.filter((module) => loaded.has(module));
    const found: Finding[] = [];
    if (stale.length > 0) {
      found.push({
        code: "protocols-not-loaded",
        severity: "danger",
        what: `${number(stale.length, "consolidated protocol differs", "consolidated protocols differ")} from what is loaded, and the relup does not load ${stale.length === 1 ? "it" : "them"}: ${labels(stale)}`,
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
