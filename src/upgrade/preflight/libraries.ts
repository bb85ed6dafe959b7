/** What the release handler knows of the version's applications. */

import type { Check } from "./given.ts";

/** A version that a node was booted in without a file RELEASES has no applications: its install finds no code, and crashes half way. */
export const libraries: Check = {
  name: "the applications of the version",
  find: async ({ releases, version }) => {
    const release = releases.find((known) => known.version === version);
    if (release === undefined || release.libraries.length > 0) return [];
    return [
      {
        code: "applications-unknown",
        severity: "refusal",
        what: `the release handler knows no applications of ${version}`,
        cause:
          "an install would fail half way: the node was first booted without releases/RELEASES",
        remedy: `\`beamctl release prepare ${version}\` makes the file.`,
        about: [version],
      },
    ];
  },
};
