/** Puts a relup on the node in place of another, which is kept beside it, and takes it back. */

import { UsageError } from "../errors.ts";
import { Answer, type CallOptions, listDir, type Remote, runScript } from "../otp/index.ts";
import { Atom, atom, charlist, inspect, type Term, Tuple } from "../term/index.ts";
import { RelupError } from "./errors.ts";
import { type Relup, relupTerm } from "./relup.ts";
import { readAs, releaseFolder } from "./relup-file.ts";
import { RESTORE, WRITE } from "./write-scripts.ts";

/** Options of {@link writeRelup}. */
export interface WriteRelupOptions extends CallOptions {
  /** What the file must hold now, as `readRelupFile` gave it: then nobody's change in between is lost. Default: whatever it holds. */
  readonly expected?: Term;
}

/** What {@link writeRelup} did. */
export interface WrittenRelup {
  readonly file: string;
  /** Where the former file is kept; `undefined` when there was none. */
  readonly backup: string | undefined;
}

/** Options of {@link restoreRelup}. */
export interface RestoreRelupOptions extends CallOptions {
  /** What is not kept when it stands there: a relup of one's own that is over. Default: whatever it holds is kept. */
  readonly discard?: Term;
}

/** What {@link restoreRelup} did. */
export interface RestoredRelup {
  readonly file: string;
  /** The backup, which is the relup now and no longer a backup. */
  readonly backup: string;
  /** Where the file that it took the place of is kept; `undefined` when there was none, or it was discarded. */
  readonly kept: string | undefined;
}

/**
 * Writes `releases/VSN/relup` on the node as Erlang text in UTF-8 (`io_lib`'s `~tp`, as systools does): to a new file beside it, which is
 * read back by `file:consult/1` and must give the very terms, and is then renamed. What was there stays as `relup.TIMESTAMP.bak`, in
 * UTC of the node. Changes a file on the node and nothing that runs; an observer refuses it.
 * @throws RelupError when it cannot be written or read back, or the file changed meanwhile; then the old one is untouched
 * @throws UsageError when the relup is of another version
 */
export async function writeRelup(
  remote: Remote,
  version: string,
  relup: Relup,
  options: WriteRelupOptions = {},
): Promise<WrittenRelup> {
  if (relup.version !== version) {
    throw new UsageError(`the relup is of version ${relup.version}, not ${version}`, {
      remedy: "The release handler takes only the relup of a version's own folder.",
    });
  }
  const { expected, ...limits } = options;
  const folder = await releaseFolder(remote, version, limits);
  const file = `${folder}/relup`;
  const bindings = {
    File: charlist(file),
    Relup: relupTerm(relup),
    Expected: expected === undefined ? atom("any") : new Tuple([expected]),
  };
  const answer = await runScript(remote, WRITE, bindings, limits);
  return { file, backup: done(remote, WRITE.name, answer, file, "written") };
}

/** The backups of a version's relup on the node, as names of files beside it, the oldest first. Read-only. */
export async function relupBackups(
  remote: Remote,
  version: string,
  options?: CallOptions,
): Promise<string[]> {
  const names = await listDir(remote, await releaseFolder(remote, version, options), options);
  return names.filter((name) => BACKUP.test(name)).sort();
}

/**
 * Puts a backup of {@link writeRelup} in the place of `releases/VSN/relup`, by a rename; what stood there is kept as `relup.TIMESTAMP.undone`.
 * So each call goes back one step. An observer refuses it.
 * @param backup the name of the file. Default the newest
 * @throws RelupError when there is no backup, or it holds no relup of this version
 */
export async function restoreRelup(
  remote: Remote,
  version: string,
  backup?: string,
  { discard, ...options }: RestoreRelupOptions = {},
): Promise<RestoredRelup> {
  const folder = await releaseFolder(remote, version, options);
  const known = await relupBackups(remote, version, options);
  const name = backup ?? known.at(-1);
  if (name === undefined || !known.includes(name)) {
    throw new RelupError(
      `${folder} holds no ${name === undefined ? "backup of a relup" : `backup ${name}`}`,
      {
        node: remote.name,
        remedy:
          known.length === 0
            ? "Unpack the release again to have its first relup."
            : `There is ${known.join(", ")}.`,
      },
    );
  }
  const [file, from] = [`${folder}/relup`, `${folder}/${name}`];
  await readAs(remote, from, version, options); // throws when it is none
  const bindings = {
    File: charlist(file),
    Backup: charlist(from),
    Discard: discard === undefined ? atom("none") : new Tuple([discard]),
  };
  const answer = await runScript(remote, RESTORE, bindings, options);
  return { file, backup: from, kept: done(remote, RESTORE.name, answer, file, "restored") };
}

const BACKUP = /^relup\.\d{8}T\d{6}\.\d{3}Z\.bak$/;

/** What the scripts answer: `{ok, Kept}`, or `{error, Step, Reason}`. */
function done(
  remote: Remote,
  script: string,
  result: Term,
  file: string,
  verb: string,
): string | undefined {
  const answer = new Answer(remote, script);
  const [tag, first, reason] = answer.tuple(result);
  if (answer.atom(tag) === "ok") return first instanceof Atom ? undefined : answer.text(first);
  const step = answer.atom(first);
  const why = PROBLEMS[step] ?? `${step} failed: ${inspect(reason as Term, { limit: 5 })}`;
  throw new RelupError(`${file} was not ${verb}: ${why}`, {
    node: remote.name,
    remedy: REMEDIES[step] ?? "Look at the folder on its host; the relup there is untouched.",
  });
}

const PROBLEMS: Readonly<Record<string, string>> = {
  changed: "somebody changed it meanwhile",
  unreadable: "read back it is not what was to be written; a pid, a fun or a reference in it?",
};

const REMEDIES: Readonly<Record<string, string>> = {
  changed: "Read it again and decide anew.",
  unreadable: "Give only terms that Erlang text can hold.",
};
