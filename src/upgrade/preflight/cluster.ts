/** The other nodes of the cluster, which live together with both versions. */

import { isBeamError } from "../../errors.ts";
import { type Remote, whichReleases } from "../../otp/index.ts";
import { runningIn } from "../versions.ts";
import type { Check, Ground } from "./given.ts";
import { few } from "./words.ts";

/** Does `work` with another node, over a link of our own, and closes it. */
export type Reach = <Result>(
  node: string,
  work: (remote: Remote) => Promise<Result>,
) => Promise<Result>;

/** Names only, unless the nodes can be reached from here: asking others from this node would make it work. */
export const cluster: Check<Ground> = {
  name: "the other nodes",
  find: async ({ surroundings, running, version, reach }) => {
    const { nodes } = await surroundings();
    if (nodes.length === 0) return [];
    const runs = new Map<string, string>();
    if (reach !== undefined) {
      for (const node of nodes) runs.set(node, await releaseOf(node, reach));
    }
    const shown = nodes.map((node) => {
      const release = runs.get(node);
      return release === undefined ? node : `${node} (${release})`;
    });
    const versions = [running.version, version];
    const strange = [...runs.values()].filter(
      (of) =>
        of.startsWith(`${running.name} `) && !versions.includes(of.slice(running.name.length + 1)),
    );
    const third = [...new Set(strange)].map((of) => of.slice(running.name.length + 1));
    return [
      {
        code: "cluster",
        severity: third.length === 0 ? "notice" : "warning",
        what: `connected nodes: ${few(shown)}`,
        cause: `until all are upgraded, ${[...third, ...versions].join(" and ")} talk to each other: messages and shared tables must be understood by all`,
        remedy:
          reach === undefined
            ? "Upgrade one node after the other; --cluster tells what each runs now."
            : "Upgrade one node after the other, the oldest version first.",
        about: nodes,
      },
    ];
  },
};

/** The release that a node runs, or why that is not known. */
async function releaseOf(node: string, reach: Reach): Promise<string> {
  try {
    const release = runningIn(await reach(node, (remote) => whichReleases(remote)));
    return release === undefined ? "no release" : `${release.name} ${release.version}`;
  } catch (error) {
    if (!isBeamError(error)) throw error;
    return "not known";
  }
}
