/** The files that a release consists of, looked at where they lie: whether they are there, may be written, and which beams differ. */

import { Atom, charlist, type Term, Tuple, textOf, tuple } from "../term/index.ts";
import { Answer } from "./answer.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/** What the node's user finds at a path. */
export interface FileFacts {
  readonly path: string;
  /** `undefined` when there is nothing, or nothing that may be looked at. */
  readonly type: "regular" | "directory" | "other" | undefined;
  readonly readable: boolean;
  /** `false` on a file system that is mounted read-only, too. */
  readonly writable: boolean;
  /** In bytes. */
  readonly size: number;
}

/** Two folders of beams compared; the names are those of modules. */
export interface BeamChanges {
  /** Those in both, with another MD5. */
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Reading many beams takes longer than a call. */
const PATIENCE = 30_000;

/** `file:read_file_info/2` of each path, past the file server. Read-only. */
export async function fileFacts(
  remote: Remote,
  paths: readonly string[],
  options?: CallOptions,
): Promise<FileFacts[]> {
  const answer = new Answer(remote, FACTS.name);
  const bindings = { Paths: paths.map(charlist) };
  const rows = answer.list(await runScript(remote, FACTS, bindings, options));
  return paths.map((path, index) => {
    const row = rows[index];
    if (!(row instanceof Tuple)) {
      return { path, type: undefined, readable: false, writable: false, size: 0 };
    }
    const [type, access, size] = answer.tuple(row, 3);
    const kind = answer.atom(type);
    const may = answer.atom(access);
    return {
      path,
      type: kind === "regular" || kind === "directory" ? kind : "other",
      readable: may.startsWith("read"),
      writable: may.endsWith("write"),
      size: answer.integer(size),
    };
  });
}

/**
 * Which beams differ between two folders on the node, for each pair of folders. Read-only; it reads both beams of every module that is in
 * both.
 */
export async function compareBeams(
  remote: Remote,
  folders: readonly { readonly old: string; readonly fresh: string }[],
  options?: CallOptions,
): Promise<BeamChanges[]> {
  const answer = new Answer(remote, BEAMS.name);
  const pairs = folders.map(({ old, fresh }) => tuple(charlist(old), charlist(fresh)));
  const limits = { timeout: PATIENCE, ...options };
  const rows = answer.list(await runScript(remote, BEAMS, { Folders: pairs }, limits));
  const names = (term: Term | undefined) =>
    answer.list(term).map((name) => answer.text(name).replace(/\.beam$/, ""));
  return rows.map((row) => {
    const [changed, added, removed] = answer.tuple(row, 3);
    return { changed: names(changed), added: names(added), removed: names(removed) };
  });
}

/**
 * The name and version in a boot file, `undefined` when it is none or cannot be read. Read-only; the atoms of the boot file, which are those
 * of the release, are made on the node.
 */
export async function bootFileOf(
  remote: Remote,
  path: string,
  options?: CallOptions,
): Promise<{ readonly name: string; readonly version: string } | undefined> {
  const id = await runScript(remote, BOOT, { Path: charlist(path) }, options);
  if (id instanceof Atom) return undefined;
  const [name, version] = new Answer(remote, BOOT.name).tuple(id, 2).map((term) => textOf(term));
  return name === undefined || version === undefined ? undefined : { name, version };
}

const FACTS: Script = new Script({
  name: "file_facts",
  bindings: ["Paths"],
  readOnly: true,
  source: `
[case file:read_file_info(Path, [raw]) of
    {ok, Info} -> {element(3, Info), element(4, Info), element(2, Info)};
    {error, Reason} -> Reason
end || Path <- Paths]`,
});

const BEAMS: Script = new Script({
  name: "compare_beams",
  bindings: ["Folders"],
  readOnly: true,
  source: `
Beams = fun(Folder) -> case file:list_dir(Folder) of
    {ok, Names} -> [Name || Name <- Names, is_list(Name), lists:suffix(".beam", Name)];
    _ -> []
end end,
Md5 = fun(File) -> case beam_lib:md5(File) of {ok, {_, Sum}} -> Sum; _ -> none end end,
[begin
    {Olds, News} = {Beams(Old), Beams(New)},
    {[Name || Name <- News, lists:member(Name, Olds), Md5(Old ++ "/" ++ Name) =/= Md5(New ++ "/" ++ Name)],
     News -- Olds, Olds -- News}
end || {Old, New} <- Folders]`,
});

const BOOT: Script = new Script({
  name: "boot_file",
  bindings: ["Path"],
  readOnly: true,
  source: `
try {ok, Boot} = file:read_file(Path), {script, {Name, Version}, _} = erlang:binary_to_term(Boot), {Name, Version}
catch _:_ -> none end`,
});
