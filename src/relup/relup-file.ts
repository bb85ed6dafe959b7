/** A relup file on the node. */

import { UsageError } from "../errors.ts";
import {
  type CallOptions,
  consult,
  type Remote,
  RemoteFileError,
  releasePlaces,
} from "../otp/index.ts";
import type { Term } from "../term/index.ts";
import { RelupError } from "./errors.ts";
import { parseRelup, type Relup } from "./relup.ts";

/** A relup and where it was read. */
export interface RelupFile {
  /** Its path on the node. */
  readonly file: string;
  /** What stands there, as it stands. */
  readonly term: Term;
  readonly relup: Relup;
}

/**
 * The folder of a version on the node, `VSN` where the release handler keeps its releases.
 * @throws UsageError when the version is no name of a folder
 */
export async function releaseFolder(
  remote: Remote,
  version: string,
  options?: CallOptions,
): Promise<string> {
  if (!/^(?!\.{0,2}$)[^/\0]+$/.test(version)) {
    throw new UsageError(`${JSON.stringify(version)} is no version of a release`, {
      remedy: "Name one as `beamctl release ls` shows it.",
    });
  }
  return `${(await releasePlaces(remote, options)).releases}/${version}`;
}

/**
 * Reads `releases/VSN/relup`; `undefined` when there is no such file. Read-only.
 * @throws RelupError when the file holds no relup of this version: it names the line, entry or instruction that is wrong
 */
export async function findRelupFile(
  remote: Remote,
  version: string,
  options?: CallOptions,
): Promise<RelupFile | undefined> {
  const file = `${await releaseFolder(remote, version, options)}/relup`;
  return readAs(remote, file, version, options);
}

/**
 * Reads `releases/VSN/relup`. Read-only.
 * @throws RelupError when it is missing or holds no relup of this version
 */
export async function readRelupFile(
  remote: Remote,
  version: string,
  options?: CallOptions,
): Promise<RelupFile> {
  const found = await findRelupFile(remote, version, options);
  if (found !== undefined) return found;
  throw new RelupError(`release ${version} has no relup on the node`, {
    node: remote.name,
    remedy: "Is it unpacked, and was it built with a relup? `beamctl release ls` lists versions.",
  });
}

/** The relup of this version in a file on the node, whatever the file is called. */
export async function readAs(
  remote: Remote,
  file: string,
  version: string,
  options?: CallOptions,
): Promise<RelupFile | undefined> {
  const node = remote.name;
  const terms = await consult(remote, file, options).catch((cause: unknown) => {
    if (!(cause instanceof RemoteFileError)) throw cause;
    throw new RelupError(cause.message, { node, cause, remedy: REPAIR });
  });
  if (terms === undefined) return undefined;
  const [term] = terms;
  if (term === undefined || terms.length !== 1) {
    throw new RelupError(`${file} cannot be used: it holds ${terms.length} terms, not one`, {
      node,
      remedy: REPAIR,
    });
  }
  const relup = parseRelup(term, file);
  if (relup.version === version) return { file, term, relup };
  // The release handler calls this a bad relup file.
  throw new RelupError(`${file} cannot be used: it is of version ${relup.version}`, {
    node,
    remedy: REPAIR,
  });
}

const REPAIR = "Repair the file, or put a backup back with `beamctl relup restore`.";
