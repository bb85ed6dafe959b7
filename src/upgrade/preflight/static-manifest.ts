/** The manifest of static assets in the new version against what the endpoints answer. */

import { RefreshEndpoints } from "../../instructions/index.ts";
import { moduleLabel } from "../../relup/index.ts";
import { staticCaches, staticDifferences, staticManifest } from "../../topology/index.ts";
import { changedApplications } from "./applications.ts";
import type { Finding } from "./finding.ts";
import type { Check } from "./given.ts";
import { few, number, plans } from "./words.ts";

/** Endpoints read it when they start, and never again. */
export const staticAssets: Check = {
  name: "the manifest of static assets",
  find: async (given) => {
    const { remote, options, call } = given;
    if (options.refreshEndpoints === true || plans(options, RefreshEndpoints)) return [];
    const caches = await staticCaches(remote, call);
    if (caches.length === 0) return [];
    const changed = new Map((await changedApplications(given)).map((app) => [app.name, app]));
    const found: Finding[] = [];
    for (const { endpoint, application, manifest, paths } of caches) {
      const folder = changed.get(application)?.folder;
      if (folder === undefined) continue;
      const wants = await staticManifest(remote, `${folder}/${manifest}`, call);
      const differ = wants === undefined ? [] : staticDifferences(paths, wants);
      if (differ.length === 0) continue;
      found.push({
        code: "static-manifest-stale",
        severity: "warning",
        what: `${moduleLabel(endpoint)} answers other paths than ${folder}/${manifest} has, for ${number(differ.length, "asset")}: ${few(differ, differ.length, 3)}`,
        cause:
          "pages go on naming the assets of this version, which may not be among the files of the new one",
        remedy:
          "Have the endpoint read it again in the same run: `--refresh-endpoints` (`refreshEndpoints: true`).",
        about: [endpoint],
      });
    }
    return found;
  },
};
