/** What every check of an upgrade is given. */

import {
  type CallOptions,
  type Release,
  type Remote,
  rootDir,
  whichReleases,
} from "../../otp/index.ts";
import {
  explainRelup,
  type RelupImpact,
  type RelupPath,
  type RelupRow,
  relupImpact,
} from "../../relup/index.ts";
import type { UpgradeOptions } from "../events.ts";
import type { Prepared } from "../prepare.ts";
import type { Finding } from "./finding.ts";

/** The upgrade that is meant, and the node as it is. `remote` may be an observer: checks only read. */
export interface Given {
  readonly remote: Remote;
  readonly releases: readonly Release[];
  readonly running: Release;
  readonly version: string;
  readonly path: RelupPath;
  /** The relup's instructions, explained. */
  readonly rows: readonly RelupRow[];
  /** Who the relup would touch now; found once, when first asked for. */
  readonly impact: () => Promise<RelupImpact>;
  /** `code:root_dir/0`. */
  readonly root: string;
  /** A version's folder on the node. */
  readonly folderOf: (version: string) => string;
  readonly options: UpgradeOptions;
  readonly call: CallOptions;
}

/** A check: it reads, and tells what it found. */
export interface Check {
  /** What it looks at, for the line that says it could not. */
  readonly name: string;
  readonly find: (given: Given) => Promise<readonly Finding[]>;
}

/** Collects what the checks need. Read-only. */
export async function givenOf(
  remote: Remote,
  version: string,
  { release, path }: Prepared,
  options: UpgradeOptions,
  call: CallOptions = {},
): Promise<Given> {
  const root = await rootDir(remote, call);
  const { rows } = explainRelup(path.instructions);
  let impact: Promise<RelupImpact> | undefined;
  return {
    remote,
    releases: await whichReleases(remote, call),
    running: release,
    version,
    path,
    rows,
    impact: () => {
      impact ??= relupImpact(remote, rows, call);
      return impact;
    },
    root,
    folderOf: (of) => `${root}/releases/${of}`,
    options,
    call,
  };
}
