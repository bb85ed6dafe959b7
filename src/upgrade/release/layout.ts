/** What the node has of a version: files of its own, a package, or neither. */

import { UsageError } from "../../errors.ts";
import {
  Answer,
  type CallOptions,
  type ReleasePlaces,
  type Remote,
  releasePlaces,
  runScript,
} from "../../otp/index.ts";
import { Atom, charlist, type Term, Tuple, textOf } from "../../term/index.ts";
import { LAYOUT, PEEK, TABLE } from "./layout-scripts.ts";

/** What a .rel file says. */
export interface Rel {
  /** Its path on the node, or in the package. */
  readonly file: string;
  readonly name: string;
  readonly version: string;
  readonly erts: string;
  readonly applications: readonly { readonly name: string; readonly version: string }[];
}

/** A file in a package. */
export interface PackageEntry {
  /** As the package has it. */
  readonly name: string;
  /** Without `./` in front. */
  readonly path: string;
  readonly type: string;
  readonly size: number;
}

/** A package on the node. */
export interface PackageOnNode {
  readonly path: string;
  readonly entries: readonly PackageEntry[];
  readonly rel: Rel | undefined;
}

/** A version as it lies on the node. */
export interface Layout extends ReleasePlaces {
  readonly version: string;
  /** `releases/VSN` on the node. */
  readonly folder: string;
  /** The files in it; none when there is no such folder. */
  readonly files: readonly string[];
  /** The names of the folders below `lib`. */
  readonly libraries: ReadonlySet<string>;
  /** The .rel of this version among the files. */
  readonly rel: Rel | undefined;
  /** Where its package lies, or would lie. */
  readonly package: string;
  readonly hasPackage: boolean;
}

const PATIENCE = 120_000;

/**
 * Looks at a version on the node. Read-only.
 * @throws UsageError when the version is no name of a folder
 */
export async function layoutOf(
  remote: Remote,
  name: string,
  version: string,
  options?: CallOptions,
): Promise<Layout> {
  if (!/^(?!\.{0,2}$)[^/\0]+$/.test(version)) {
    throw new UsageError(`${JSON.stringify(version)} is no version of a release`, {
      remedy: "Name one as `beamctl release ls` shows it.",
    });
  }
  const places = await releasePlaces(remote, options);
  const { root, releases } = places;
  const file = `${releases}/${name}-${version}.tar.gz`;
  const bindings = {
    Root: charlist(root),
    Releases: charlist(releases),
    Version: charlist(version),
    Package: charlist(file),
    Rel: charlist(`${releases}/${name}-${version}.rel`),
  };
  const answer = new Answer(remote, LAYOUT.name);
  const [hasPackage, files, libraries, rels] = answer.tuple(
    await runScript(remote, LAYOUT, bindings, options),
    4,
  );
  const found = answer.list(rels).flatMap((pair) => {
    const [path, terms] = answer.tuple(pair, 2);
    const [term, ...rest] = answer.list(terms);
    const rel = rest.length === 0 ? readRel(answer.text(path), term) : undefined;
    return rel?.version === version ? [rel] : [];
  });
  return {
    ...places,
    version,
    folder: `${releases}/${version}`,
    files: names(files),
    libraries: new Set(names(libraries)),
    rel: found.find((rel) => rel.name === name) ?? found[0],
    package: file,
    hasPackage: answer.boolean(hasPackage),
  };
}

/** Looks into the package on the node; `undefined` when it cannot be read. Read-only; it reads the whole file there. */
export async function packageOnNode(
  remote: Remote,
  { package: path, version }: Layout,
): Promise<PackageOnNode | undefined> {
  const limits = { timeout: PATIENCE };
  const table = await runScript(remote, TABLE, { Package: charlist(path) }, limits);
  if (!(table instanceof Tuple)) return undefined;
  const answer = new Answer(remote, TABLE.name);
  const entries = answer.list(answer.tuple(table, 2)[1]).map((entry): PackageEntry => {
    const [name, type, size] = answer.tuple(entry, 3);
    const text = answer.text(name);
    return {
      name: text,
      path: text.replace(/^(\.\/)+/, "").replace(/\/$/, ""),
      type: answer.atom(type),
      size: answer.integer(size),
    };
  });
  const candidates = entries.filter(
    (entry) =>
      entry.path.endsWith(".rel") &&
      (entry.path.startsWith(`releases/${version}/`) || /^releases\/[^/]+$/.test(entry.path)),
  );
  const inside = (path: string) => path.startsWith(`releases/${version}/`);
  for (const entry of candidates.toSorted((a, b) => +inside(b.path) - +inside(a.path))) {
    const rel = readRel(entry.path, await peek(remote, path, entry.name));
    if (rel?.version === version) return { path, entries, rel };
  }
  return { path, entries, rel: undefined };
}

/** The one term in a file of a package on the node; `undefined` when there is no such file, or no one term in it. Read-only. */
export async function peek(remote: Remote, path: string, file: string): Promise<Term | undefined> {
  const bindings = { Package: charlist(path), File: charlist(file) };
  const result = await runScript(remote, PEEK, bindings, { timeout: PATIENCE });
  return result instanceof Tuple ? result.items[1] : undefined;
}

function readRel(file: string, term: Term | undefined): Rel | undefined {
  const [tag, id, erts, applications] = items(term);
  if (!(tag instanceof Atom) || tag.name !== "release" || !Array.isArray(applications)) {
    return undefined;
  }
  const [name, version] = items(id).map((item) => textOf(item));
  const [, emulator] = items(erts);
  if (name === undefined || version === undefined || emulator === undefined) return undefined;
  return {
    file,
    name,
    version,
    erts: textOf(emulator) ?? "",
    applications: (applications as readonly Term[]).flatMap((application) => {
      const [of, at] = items(application);
      const text = at === undefined ? undefined : textOf(at);
      return of instanceof Atom && text !== undefined ? [{ name: of.name, version: text }] : [];
    }),
  };
}

function items(term: Term | undefined): readonly Term[] {
  return term instanceof Tuple ? term.items : [];
}

function names(term: Term | undefined): string[] {
  return Array.isArray(term) ? (term as readonly Term[]).flatMap((name) => textOf(name) ?? []) : [];
}
