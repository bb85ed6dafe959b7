/** A version gets unpacked, whatever its package looks like, and the release handler knows it. */

import { randomUUID } from "node:crypto";
import { type FileChange, FileChanges } from "../../guard/index.ts";
import type { BeamNode } from "../../node/index.ts";
import {
  problemOf,
  type Release,
  runScript,
  setUnpacked,
  unpackKept,
  whichReleases,
} from "../../otp/index.ts";
import { charlist, tuple } from "../../term/index.ts";
import { ReleaseError } from "./errors.ts";
import { layoutOf, packageOnNode } from "./layout.ts";
import { EXTRACT } from "./layout-scripts.ts";
import { planUnpack, type UnpackPlan } from "./unpack-plan.ts";

/** How a version is unpacked. */
export interface UnpackOptions {
  /** Where journals are kept. Default `$XDG_STATE_HOME/beamctl` or `~/.local/state/beamctl`. */
  readonly stateDirectory?: string | undefined;
}

/** What an unpack did. */
export interface Unpacked {
  readonly version: string;
  /** Whether the release handler knew the version before: then nothing was done. */
  readonly already: boolean;
  /** The folders and files that were made on the node. */
  readonly made: readonly string[];
}

/** A large package takes the node's disk a while. */
const PATIENCE = 600_000;

/**
 * Makes the release handler know a version: by `unpack_release/1` where the package has what OTP wants, else, for the package of a plain `mix release` or
 * files that were copied by hand, by taking out what is missing and `set_unpacked/2`. No file on the node is replaced, the package stays, nothing that runs is touched. Each folder
 * is in the journal before it is made.
 * @throws ReleaseError when neither the files nor a package are there, or the package cannot be trusted
 * @throws ReleaseHandlerError GuardHeldError JournalError
 * @example
 * import { unpackVersion, whichReleases } from "beamctl";
 *
 * const running = (await whichReleases(node)).find(({ status }) => status === "permanent");
 * if (running !== undefined) console.log((await unpackVersion(node, running, "0.2.0")).made);
 */
export async function unpackVersion(
  node: BeamNode,
  running: Release,
  version: string,
  options: UnpackOptions = {},
): Promise<Unpacked> {
  const plan = await findUnpack(node, running.name, version);
  if (plan === undefined) return { version, already: true, made: [] };
  await FileChanges.run(
    node,
    {
      operation: randomUUID(),
      purpose: `release unpack ${version}`,
      stateDirectory: options.stateDirectory,
    },
    (changes) => unpackAs(node, running.name, version, plan, changes),
  );
  return { version, already: false, made: plan.made };
}

/** What is to be done to unpack a version; `undefined` when the release handler knows it. Read-only. */
export async function findUnpack(
  node: BeamNode,
  name: string,
  version: string,
): Promise<UnpackPlan | undefined> {
  if ((await whichReleases(node)).some((known) => known.version === version)) return undefined;
  const layout = await layoutOf(node, name, version);
  const found = layout.hasPackage ? await packageOnNode(node, layout) : undefined;
  if (layout.hasPackage && found === undefined) {
    throw new ReleaseError(`${layout.package} on the node cannot be read as a .tar.gz`, {
      node: node.name,
      remedy: "Send it again: `beamctl release push TARBALL --force`.",
    });
  }
  return planUnpack(node, name, layout, found);
}

/** Does what {@link findUnpack} planned. */
export async function unpackAs(
  node: BeamNode,
  name: string,
  version: string,
  plan: UnpackPlan,
  changes: FileChanges,
): Promise<void> {
  const release: FileChange = { what: "release", path: version, why: "the version is unpacked" };
  const work = async () => {
    if (plan.way === "extract") await extract(node, name, version, plan);
    if (plan.way === "otp") {
      const { package: path } = await layoutOf(node, name, version);
      // It stays, so that the version can be prepared again after an undo.
      await unpackKept(node, `${name}-${version}`, path, { timeout: PATIENCE });
    } else await setUnpacked(node, plan.rel, [], { timeout: PATIENCE });
    return {};
  };
  const all: FileChange[] = plan.made.map((path) => ({
    what: "folder",
    path,
    why: `of ${version}`,
  }));
  // All are announced, then they come at once.
  const nested = [...all, release].reduceRight<() => Promise<object>>(
    (inner, change) => () => changes.make(change, inner),
    work,
  );
  await nested();
}

async function extract(
  node: BeamNode,
  name: string,
  version: string,
  plan: UnpackPlan,
): Promise<void> {
  const { package: path } = await layoutOf(node, name, version);
  const bindings = {
    Package: charlist(path),
    Stage: charlist(plan.stage),
    Files: plan.entries.map(charlist),
    Moves: plan.moves.map(({ from, to }) => tuple(charlist(from), charlist(to))),
  };
  const result = await runScript(node, EXTRACT, bindings, { timeout: PATIENCE });
  const problem = problemOf(result);
  if (problem === undefined) return;
  const why = problem.startsWith("link") ? "a link in it leads out of its library" : problem;
  throw new ReleaseError(`${path} was not unpacked: ${why}`, {
    node: node.name,
    remedy: /enospc/.test(problem)
      ? "The node's disk is full: remove old versions, then try again."
      : "Look at the folder and its permissions on the host; what runs is untouched.",
  });
}
