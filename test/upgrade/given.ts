/** What a check is given, of a node that has no release: the relup is a list in the test. */

import { observer, type Remote, surroundings } from "../../src/otp/index.ts";
import { explainRelup, type Instruction, relupImpact } from "../../src/relup/index.ts";
import type { UpgradeOptions } from "../../src/upgrade/events.ts";
import type { Given } from "../../src/upgrade/preflight/given.ts";
import { readRecords } from "../../src/upgrade/preflight/records.ts";
import { both, list } from "../relup/build.ts";

/** An upgrade of `shop` from 0.1.0 to 0.2.0 by these instructions; the checks only read, through an observer. */
export function givenBy(
  node: Remote,
  instructions: readonly string[],
  { root = "/nowhere", ...options }: UpgradeOptions & { root?: string } = {},
): Given {
  const remote = observer(node);
  const steps: Instruction[] = list(...instructions);
  const { rows } = explainRelup(steps);
  return {
    remote,
    releases: [],
    running: { name: "shop", version: "0.1.0", status: "permanent", libraries: [] },
    version: "0.2.0",
    path: { file: "relup", direction: "up", instructions: steps, both: both(steps, []) } as never,
    rows,
    impact: () => relupImpact(remote, rows, { wait: 200 }),
    root,
    records: () => readRecords(remote, { root, releases: `${root}/releases` }, {}),
    surroundings: () => surroundings(remote),
    folder: `${root}/releases`,
    folderOf: (of) => `${root}/releases/${of}`,
    options,
    call: {},
  };
}
