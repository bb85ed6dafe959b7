/** The other nodes of the cluster, which live together with both versions. */

import type { Check, Ground } from "./given.ts";

/** How many nodes a line names. */
const SHOWN = 5;

/** Names only: asking other nodes from this one would make it work. */
export const cluster: Check<Ground> = {
  name: "the other nodes",
  find: async ({ surroundings, running, version }) => {
    const { visible, hidden } = await surroundings();
    if (visible.length === 0) return [];
    const more = visible.length > SHOWN ? ` and ${visible.length - SHOWN} more` : "";
    return [
      {
        code: "cluster",
        severity: "notice",
        what: `connected nodes: ${visible.slice(0, SHOWN).join(", ")}${more}`,
        cause: `until all are upgraded, ${running.version} and ${version} talk to each other: messages and shared tables must be understood by both`,
        remedy:
          "Upgrade one node after the other; `beamctl -n NODE release ls` tells what each runs.",
        about: [...visible, ...hidden],
      },
    ];
  },
};
