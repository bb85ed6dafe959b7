/** OTP's `file`: folders on the node, and terms in files there. */

import { Atom, charlist, type Term, Tuple, textOf } from "../term/index.ts";
import { Answer } from "./answer.ts";
import { RemoteFileError } from "./errors.ts";
import { releasePlaces } from "./release-places.ts";
import type { CallOptions, Remote } from "./remote.ts";
import { runScript, Script } from "./script.ts";

/**
 * `consult/1`: the terms of a file on the node, or `undefined` when there is no such file. Read-only. The terms travel here, so never
 * read a configuration with it: {@link consultProblem} tells whether one is well-formed.
 * @throws RemoteFileError when it cannot be read or holds no terms
 */
export async function consult(
  remote: Remote,
  path: string,
  options?: CallOptions,
): Promise<readonly Term[] | undefined> {
  const result = await remote.call("file", "consult", [charlist(path)], options);
  const [tag, value] = new Answer(remote, "file:consult/1").tuple(result, 2);
  if (tag instanceof Atom && tag.name === "ok") return value as readonly Term[];
  if (value instanceof Atom && value.name === "enoent") return undefined;
  throw new RemoteFileError(remote.name, path, problem(value as Term));
}

/**
 * `list_dir/1`: the names of the files in a folder on the node, in no order; none when there is no such folder. Read-only.
 * @throws RemoteFileError when it cannot be listed
 */
export async function listDir(
  remote: Remote,
  path: string,
  options?: CallOptions,
): Promise<string[]> {
  const result = await remote.call("file", "list_dir", [charlist(path)], options);
  const answer = new Answer(remote, "file:list_dir/1");
  const [tag, value] = answer.tuple(result, 2);
  // A name that is no text cannot be named here either.
  if (answer.atom(tag) === "ok") return answer.list(value).flatMap((name) => textOf(name) ?? []);
  if (value instanceof Atom && value.name === "enoent") return [];
  throw new RemoteFileError(remote.name, path, problem(value as Term));
}

/**
 * The version that a restart boots: the second word of `releases/start_erl.data` on the node; `undefined` when it has no such file.
 * Read-only; an observer refuses it.
 */
export async function bootVersion(
  remote: Remote,
  options?: CallOptions,
): Promise<string | undefined> {
  const path = `${(await releasePlaces(remote, options)).releases}/start_erl.data`;
  const result = await remote.call("file", "read_file", [charlist(path)], options);
  const [tag, data] = new Answer(remote, "file:read_file/1").tuple(result, 2);
  if (!(tag instanceof Atom) || tag.name !== "ok") return undefined;
  return textOf(data as Term)
    ?.trim()
    .split(/\s+/)[1];
}

/**
 * Why a file of terms on the node cannot be used, in a few words, or `undefined` when it can. Its contents stay on the node. Read-only.
 * Meant for `sys.config`: an unreadable one silently empties the environment of every application at install.
 */
export async function consultProblem(
  remote: Remote,
  path: string,
  options?: CallOptions,
): Promise<string | undefined> {
  const result = await runScript(remote, CONSULTS, { Path: charlist(path) }, options);
  return result instanceof Atom && result.name === "ok" ? undefined : problem(result);
}

/**
 * The text of a small file on the node, at most 64 KiB of it; `undefined` when it cannot be read. Read-only. Never ask for a file that may hold
 * secrets: the text travels here.
 */
export async function textFile(
  remote: Remote,
  path: string,
  options?: CallOptions,
): Promise<string | undefined> {
  return textOf(await runScript(remote, TEXT, { Path: charlist(path) }, options));
}

const TEXT: Script = new Script({
  name: "text_file",
  bindings: ["Path"],
  readOnly: true,
  source: `
case file:read_file(Path) of
    {ok, Text} -> binary:part(Text, 0, min(byte_size(Text), 65536));
    {error, _} -> none
end`,
});

function problem(reason: Term): string {
  if (reason instanceof Atom) return reason.name;
  const [line, module] = reason instanceof Tuple ? reason.items : [];
  const where = typeof line === "number" ? `line ${line} ` : "";
  const what = module instanceof Atom ? "holds no terms" : (textOf(reason) ?? "cannot be read");
  return where + what;
}

const CONSULTS: Script = new Script({
  name: "consult_problem",
  bindings: ["Path"],
  readOnly: true,
  source: `
case file:consult(Path) of
    {ok, _} -> ok;
    {error, {Line, Module, _}} -> {Line, Module};
    {error, Reason} -> Reason
end`,
});
