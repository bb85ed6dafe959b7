/** The running shops that the suite works on, and how each was found: it has to be left so. */

import { join } from "node:path";
import { expect, vi } from "vitest";
import { guardStatus } from "../../../src/guard/index.ts";
import type { BeamNode } from "../../../src/node/index.ts";
import { leftSuspended, whichReleases } from "../../../src/otp/index.ts";
import { listeners, type SupervisionNode, supervisionTree } from "../../../src/topology/index.ts";
import { Cli } from "../cli/run.ts";
import { connectPhoenix, type PhoenixTarget, phoenixTarget } from "../phoenix-target.ts";

const GIVEN = ([undefined, "BANDIT", "COWBOY"] as const).flatMap((kind) => {
  const target = phoenixTarget(kind);
  return target === undefined ? [] : [{ label: target.node, server: kind?.toLowerCase(), target }];
});

/** Whether there is none: then all is skipped, and `npm run test:phoenix` says how to have one. */
export const NO_SHOP = GIVEN.length === 0;

/** Each running shop, once; the server that it has to have, where a kind of target was named. */
export const SHOPS: readonly {
  readonly label: string;
  readonly server: string | undefined;
  readonly target: PhoenixTarget;
}[] = NO_SHOP
  ? [{ label: "a Phoenix that is not there", server: undefined, target: undefined as never }]
  : GIVEN.filter(
      ({ label, server }) =>
        server !== undefined || !GIVEN.some((one) => one.server && one.label === label),
    );

/** A shop with a link to it, a command line, and a folder for journals. */
export interface OpenShop extends AsyncDisposable {
  readonly target: PhoenixTarget;
  readonly node: BeamNode;
  readonly cli: Cli;
  /** For `stateDirectory`: the same as the command line's. */
  readonly stateDirectory: string;
}

/** Opens a shop; when it is disposed of it has to be as it was found. */
export async function openShop(target: PhoenixTarget): Promise<OpenShop> {
  const node = await connectPhoenix(target);
  const cli = await Cli.for({ name: target.node, ...target });
  const found = await standing(node);
  if (found.version !== "0.1.0") {
    throw new Error(`${target.node} runs ${found.version}: the suite begins and ends with 0.1.0`);
  }
  return {
    target,
    node,
    cli,
    stateDirectory: join(cli.home, "state/beamctl"),
    async [Symbol.asyncDispose]() {
      try {
        const same = async () => expect(await standing(node)).toEqual(found);
        await vi.waitFor(same, { timeout: 20_000, interval: 200 });
      } finally {
        await node.close();
        await cli[Symbol.asyncDispose]();
      }
    },
  };
}

/** What of a node has to be the same before and after: versions, listeners, processes that last, and nothing suspended or guarded. */
async function standing(node: BeamNode) {
  const releases = await whichReleases(node);
  const [running] = releases.filter(({ status }) => status === "current" || status === "permanent");
  const [tree] = await supervisionTree(node, { application: "shop" });
  return {
    version: running?.version,
    status: running?.status,
    suspended: (await leftSuspended(node)).map(String),
    guardian: (await guardStatus(node))?.phase,
    listeners: (await listeners(node)).map(
      ({ name, status, acceptors }) => `${name} ${status} ${acceptors.length}`,
    ),
    processes: tree === undefined ? [] : lasting(tree, 2),
  };
}

/** Id and pid down to this depth: further below are connections and channels. */
function lasting({ id, pid, children }: SupervisionNode, depth: number): string[] {
  const below = depth === 0 ? [] : children.flatMap((child) => lasting(child, depth - 1));
  return [`${id} ${pid}`, ...below];
}
