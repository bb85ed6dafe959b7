/** The other nodes of the cluster, which live together with both versions. */

import type { Check, Ground } from "./given.ts";
import { few } from "./words.ts";

/** Names only: asking other nodes from this one would make it work. */
export const cluster: Check<Ground> = {
  name: "the other nodes",
  find: async ({ surroundings, running, version }) => {
    const { nodes } = await surroundings();
    if (nodes.length === 0) return [];
    return [
      {
        code: "cluster",
        severity: "notice",
        what: `connected nodes: ${few(nodes)}`,
        cause: `until all are upgraded, ${running.version} and ${version} talk to each other: messages and shared tables must be understood by both`,
        remedy:
          "Upgrade one node after the other; `beamctl -n NODE release ls` tells what each runs.",
        about: nodes,
      },
    ];
  },
};
