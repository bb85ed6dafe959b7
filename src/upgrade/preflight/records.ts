/** What the files on the node say about releases: `RELEASES`, the `.rel` of a version, `start_erl.data`. */

import {
  type CallOptions,
  consult,
  fileFacts,
  listDir,
  type ReleasePlaces,
  type Remote,
  RemoteFileError,
  textFile,
} from "../../otp/index.ts";
import { Atom, type Term, Tuple, textOf } from "../../term/index.ts";

/** An application of a release. */
export interface Library {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  /** How the release starts it, as `permanent`, `load` or `none`; `undefined` where only `RELEASES` tells of it. */
  readonly type: string | undefined;
}

/** A release, as the files tell. */
export interface Recorded {
  readonly version: string;
  /** Of its emulator. */
  readonly erts: string;
  readonly libraries: readonly Library[];
}

/** What the files say. */
export interface Records {
  /** `RELEASES`: each version's status in it, `missing`, or why it cannot be used. */
  readonly file: ReadonlyMap<string, string> | string;
  /** The two words of `start_erl.data`: the versions of the emulator and of the release that a restart boots. */
  readonly boot: { readonly erts: string; readonly version: string } | undefined;
  /** A version by `RELEASES`, and by its `.rel` where that does not know its applications. */
  readonly of: (version: string) => Promise<Recorded | undefined>;
  /** The version's `.rel` file, by its path; `undefined` when there is none that can be read. */
  readonly relFile: (version: string) => Promise<string | undefined>;
}

/** Reads them. Read-only. */
export async function readRecords(
  remote: Remote,
  { root, releases }: ReleasePlaces,
  call: CallOptions,
): Promise<Records> {
  const terms = await consult(remote, `${releases}/RELEASES`, call).catch((error: unknown) => {
    if (error instanceof RemoteFileError) return error.message;
    throw error;
  });
  const known = Array.isArray(terms) ? releasesIn(terms, root) : undefined;
  const rels = new Map<string, Promise<Rel | undefined>>();
  const rel = (version: string) => {
    const found = rels.get(version) ?? readRel(remote, { root, releases }, version, call);
    rels.set(version, found);
    return found;
  };
  const words = (await textFile(remote, `${releases}/start_erl.data`, call))?.trim().split(/\s+/);
  const [erts, version] = words ?? [];
  return {
    file: fileOf(terms, known),
    boot: erts === undefined || version === undefined ? undefined : { erts, version },
    relFile: async (of) => (await rel(of))?.file,
    of: async (of) => {
      const recorded = known?.find((release) => release.version === of);
      const own = (await rel(of))?.release;
      if (recorded === undefined || recorded.libraries.length === 0) return own;
      const types = new Map(own?.libraries.map(({ name, type }) => [name, type]));
      const libraries = recorded.libraries.map((library) => ({
        ...library,
        type: types.get(library.name),
      }));
      return { ...recorded, libraries };
    },
  };
}

interface Rel {
  readonly file: string;
  readonly release: Recorded;
}

function fileOf(
  terms: readonly Term[] | string | undefined,
  known: readonly (Recorded & { status: string })[] | undefined,
): Records["file"] {
  if (known !== undefined) return new Map(known.map(({ version, status }) => [version, status]));
  if (terms === undefined) return "missing";
  return typeof terms === "string" ? terms : "it holds no list of releases";
}

/** `[{release, Name, Vsn, ErtsVsn, [{App, Vsn, Dir}], Status}]`. */
function releasesIn(
  terms: readonly Term[],
  root: string,
): (Recorded & { status: string })[] | undefined {
  const [list] = terms;
  if (!Array.isArray(list)) return undefined;
  const found = (list as readonly Term[]).flatMap((entry) => {
    const [tag, , vsn, erts, libs, status] = entry instanceof Tuple ? entry.items : [];
    const version = textOf(vsn ?? 0);
    if (!(tag instanceof Atom) || tag.name !== "release" || version === undefined) return [];
    const libraries = rowsOf(libs).flatMap(([name, number, path]): Library[] => {
      if (!(name instanceof Atom)) return [];
      const at = text(path);
      const folder = at.startsWith("/") ? at : `${root}/${at}`; // as the release handler writes them
      return [{ name: name.name, version: text(number), folder, type: undefined }];
    });
    const state = status instanceof Atom ? status.name : "";
    return [{ version, erts: text(erts), libraries, status: state }];
  });
  return found.length === list.length ? found : undefined;
}

/** `{release, {Name, Vsn}, {erts, ErtsVsn}, [{App, Vsn} | {App, Vsn, Type} | ...]}`, where a `mix release` or the release handler puts it. */
async function readRel(
  remote: Remote,
  { root, releases }: ReleasePlaces,
  version: string,
  call: CallOptions,
): Promise<Rel | undefined> {
  const folder = `${releases}/${version}`;
  const names = await listDir(remote, folder, call).catch(noFolder);
  const inside = names.filter((name) => name.endsWith(".rel")).map((name) => `${folder}/${name}`);
  const beside = (await listDir(remote, releases, call).catch(noFolder))
    .filter((name) => name.endsWith(`-${version}.rel`))
    .map((name) => `${releases}/${name}`);
  for (const { path, readable } of await fileFacts(remote, [...inside, ...beside], call)) {
    const terms = readable ? await consult(remote, path, call).catch(noTerms) : undefined;
    const release = relIn(terms?.[0], root);
    if (release?.version === version) return { file: path, release };
  }
  return undefined;
}

function relIn(term: Term | undefined, root: string): Recorded | undefined {
  const [, id, emulator, libs] = term instanceof Tuple ? term.items : [];
  const version = id instanceof Tuple ? textOf(id.items[1] ?? 0) : undefined;
  if (version === undefined) return undefined;
  const libraries = rowsOf(libs).flatMap(([name, number, kind]): Library[] => {
    if (!(name instanceof Atom)) return [];
    const folder = `${root}/lib/${name.name}-${text(number)}`;
    const type = kind instanceof Atom ? kind.name : "permanent";
    return [{ name: name.name, version: text(number), folder, type }];
  });
  const erts = emulator instanceof Tuple ? text(emulator.items[1]) : "";
  return { version, erts, libraries };
}

function rowsOf(term: Term | undefined): (readonly Term[])[] {
  if (!Array.isArray(term)) return [];
  return (term as readonly Term[]).flatMap((row) => (row instanceof Tuple ? [row.items] : []));
}

function text(term: Term | undefined): string {
  return textOf(term ?? 0) ?? "";
}

function noFolder(error: unknown): string[] {
  if (error instanceof RemoteFileError) return [];
  throw error;
}

function noTerms(error: unknown): undefined {
  if (!(error instanceof RemoteFileError)) throw error;
}
