/** What every check of an upgrade is given. */

import {
  type CallOptions,
  type Release,
  type Remote,
  releasePlaces,
  type Surroundings,
  surroundings,
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
import type { Reach } from "./cluster.ts";
import type { Finding } from "./finding.ts";
import { type Records, readRecords } from "./records.ts";

/** The version that is meant, and the node as it is. `remote` may be an observer: checks only read. */
export interface Ground {
  readonly remote: Remote;
  readonly releases: readonly Release[];
  readonly running: Release;
  readonly version: string;
  /** `code:root_dir/0`. */
  readonly root: string;
  /** Where the release handler keeps its releases. */
  readonly folder: string;
  /** A version's folder on the node. */
  readonly folderOf: (version: string) => string;
  /** What a release consists of, by the files; read once, when first asked for. */
  readonly records: () => Promise<Records>;
  /** Where the node runs; asked once, when first asked for. */
  readonly surroundings: () => Promise<Surroundings>;
  readonly options: UpgradeOptions;
  readonly call: CallOptions;
  /** How the other nodes of the cluster are asked. Default not at all. */
  readonly reach?: Reach | undefined;
}

/** The same with the way to the version. */
export interface Given extends Ground {
  readonly path: RelupPath;
  /** The relup's instructions, explained. */
  readonly rows: readonly RelupRow[];
  /** Who the relup would touch now; found once, when first asked for. */
  readonly impact: () => Promise<RelupImpact>;
}

/** A check: it reads, and tells what it found. */
export interface Check<Of = Given> {
  /** What it looks at, for the line that says it could not. */
  readonly name: string;
  readonly find: (given: Of) => Promise<readonly Finding[]>;
}

/** Collects what the checks need that look at the node alone. Read-only. */
export async function groundOf(
  remote: Remote,
  version: string,
  running: Release,
  options: UpgradeOptions,
  call: CallOptions = {},
  reach?: Reach,
): Promise<Ground> {
  const { root, releases: folder } = await releasePlaces(remote, call);
  return {
    remote,
    releases: await whichReleases(remote, call),
    running,
    version,
    root,
    folder,
    folderOf: (of) => `${folder}/${of}`,
    records: once(() => readRecords(remote, { root, releases: folder }, call)),
    surroundings: once(() => surroundings(remote, call)),
    options,
    call,
    reach,
  };
}

/** Collects what all checks need. Read-only. */
export async function givenOf(
  remote: Remote,
  version: string,
  { release, path }: Pick<Prepared, "release" | "path">,
  options: UpgradeOptions,
  call: CallOptions = {},
  reach?: Reach,
): Promise<Given> {
  const { rows } = explainRelup(path.instructions);
  const ground = await groundOf(remote, version, release, options, call, reach);
  return { ...ground, path, rows, impact: once(() => relupImpact(remote, rows, call)) };
}

function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let found: Promise<Value> | undefined;
  return () => {
    found ??= read();
    return found;
  };
}
