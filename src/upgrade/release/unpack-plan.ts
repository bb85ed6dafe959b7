/** What of a package is taken onto the disk, and how the release handler comes to know the version. */

import type { Remote } from "../../otp/index.ts";
import { ReleaseError } from "./errors.ts";
import type { Layout, PackageEntry, PackageOnNode, Rel } from "./layout.ts";
import { leavesRoot } from "./package.ts";

/** How a version gets unpacked. */
export interface UnpackPlan {
  /** `otp`: unpack_release does it; `extract`: we take out what is missing; `tell`: all files are there, the release handler does not know. */
  readonly way: "otp" | "extract" | "tell";
  /** The .rel that the release handler is told of; for `extract` and `tell` its path on the node afterwards. */
  readonly rel: string;
  /** The folders and files that are made, by their paths on the node. */
  readonly made: readonly string[];
  /** The entries of the package that are taken out, and what is renamed into place. */
  readonly entries: readonly string[];
  readonly moves: readonly { readonly from: string; readonly to: string }[];
  /** Where entries are taken out, before they are in place. */
  readonly stage: string;
}

/**
 * Plans the unpacking. Nothing that lies on the node is ever replaced: of libraries only those are taken whose folder is not there, of the
 * package's `releases` only the version's own folder; never `bin`, `erts`, `start_erl.data`, `COOKIE`, `RELEASES`.
 * @throws ReleaseError when the files are incomplete and no package has the rest
 */
export function planUnpack(
  remote: Remote,
  name: string,
  layout: Layout,
  found: PackageOnNode | undefined,
): UnpackPlan {
  const { releases, version, rel, folder } = layout;
  const none = {
    made: [],
    entries: [],
    moves: [],
    stage: `${releases}/.beamctl-unpack-${version}`,
  };
  const complete = rel !== undefined && missing(layout, rel).length === 0;
  if (complete && layout.files.includes("start.boot")) {
    return { way: "tell", rel: rel.file, ...none };
  }
  if (found === undefined) throw noPackage(remote, layout, rel);
  const { entries } = found;
  for (const entry of entries) refuseUnsafe(remote, found.path, entry, entries);
  const from = found.rel;
  if (from === undefined) {
    throw new ReleaseError(`${found.path} has no .rel of ${version}`, {
      node: remote.name,
      remedy: `It must hold releases/${version}/${name}.rel, as \`mix release\` makes it.`,
    });
  }
  const folders = missing(layout, from).map((library) => `lib/${library}`);
  const lacking = folders.filter((path) => !entries.some((entry) => isIn(entry, path)));
  if (lacking.length > 0) {
    throw new ReleaseError(`${found.path} and the node lack ${lacking.join(", ")}`, {
      node: remote.name,
      remedy: "The .rel names them: build the package with all its applications.",
    });
  }
  if (!entries.some((entry) => entry.path === `releases/${version}/start.boot`)) {
    throw new ReleaseError(`${found.path} has no releases/${version}/start.boot`, {
      node: remote.name,
      remedy: "It is no whole release: build it again.",
    });
  }
  const made = folders.map((path) => `${layout.root}/${path}`);
  const own = `releases/${version}`;
  const wanted = entries.some(({ path }) => path === `releases/${name}-${version}.rel`);
  const inside = from.file.startsWith(`${own}/`);
  if (wanted && (layout.files.length === 0 || !inside)) {
    return { way: "otp", rel: from.file, ...none, made: [...made, folder] };
  }
  if (!inside) throw noRelInside(remote, found.path, from.file, own);
  const files = entries
    .filter(({ path }) => isIn({ path }, own) && path !== own)
    .filter(({ path }) => !layout.files.includes(path.slice(own.length + 1).split("/")[0] ?? ""));
  const libraries = entries.filter((entry) => folders.some((path) => isIn(entry, path)));
  const { stage } = none;
  // A folder that is new comes at once; into one that is there its missing files do, one by one.
  const parts = [...new Set(files.map(({ path }) => path.split("/").slice(0, 3).join("/")))];
  const ownMoves =
    layout.files.length === 0
      ? [{ from: `${stage}/${own}`, to: folder }]
      : parts.map((path) => ({
          from: `${stage}/${path}`,
          to: `${releases}/${path.slice("releases/".length)}`,
        }));
  const moves = [
    ...folders.map((path) => ({ from: `${stage}/${path}`, to: `${layout.root}/${path}` })),
    ...ownMoves,
  ];
  return {
    way: "extract",
    rel: `${releases}/${from.file.slice("releases/".length)}`,
    made: moves.map(({ to }) => to),
    entries: [...libraries, ...files].map((entry) => entry.name),
    moves,
    stage,
  };
}

/** The libraries of a .rel that are not on the node, as `APP-VSN`. */
function missing({ libraries }: Layout, { applications }: Rel): string[] {
  return applications
    .map((application) => `${application.name}-${application.version}`)
    .filter((library) => !libraries.has(library));
}

function isIn({ path }: Pick<PackageEntry, "path">, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function refuseUnsafe(
  remote: Remote,
  path: string,
  entry: PackageEntry,
  entries: readonly PackageEntry[],
): void {
  const links = entries.filter(({ type }) => type === "symlink");
  const through = links.find((link) => entry !== link && isIn(entry, link.path));
  const known = ["regular", "directory", "symlink"].includes(entry.type);
  if (known && !leavesRoot(entry.path) && through === undefined) return;
  throw new ReleaseError(`${path} cannot be trusted: its entry ${entry.name} leads elsewhere`, {
    node: remote.name,
    remedy: "No release has such entries (absolute, `..`, hard links): build the package again.",
  });
}

function noRelInside(remote: Remote, path: string, file: string, own: string): ReleaseError {
  return new ReleaseError(`${path} has ${file}, which is none of ${own}`, {
    node: remote.name,
    remedy: "Is the release's name the one that runs? Push it with --as NAME, or build it again.",
  });
}

function noPackage(remote: Remote, layout: Layout, rel: Rel | undefined): ReleaseError {
  const { package: path, files, folder, version } = layout;
  const node = remote.name;
  if (files.length === 0) {
    return new ReleaseError(`${path} does not exist on the node`, {
      node,
      remedy: "Send the package there: `beamctl release push TARBALL`.",
    });
  }
  const lacks =
    rel === undefined
      ? `no .rel of ${version}`
      : missing(layout, rel).length > 0
        ? `a .rel that names ${missing(layout, rel).join(", ")}, which the node's lib lacks`
        : "no start.boot";
  return new ReleaseError(`${folder} is there without its package, and has ${lacks}`, {
    node,
    remedy: "Send the whole package: `beamctl release push TARBALL`.",
  });
}
