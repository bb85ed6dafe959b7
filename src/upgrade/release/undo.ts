/** Takes back what a preparation changed, by the journal's records. */

import { randomUUID } from "node:crypto";
import {
  type FileChange,
  FileChanges,
  type JournalOperation,
  type JournalRecord,
  operationsOf,
  TAKEN_BACK,
} from "../../guard/index.ts";
import type { BeamNode } from "../../node/index.ts";
import {
  pathStates,
  problemOf,
  releasePlaces,
  runScript,
  setRemoved,
  whichReleases,
} from "../../otp/index.ts";
import { atom, charlist } from "../../term/index.ts";
import { ReleaseError } from "./errors.ts";
import { preparing } from "./prepare.ts";
import { handlerDown } from "./releases-file.ts";
import { RELEASES_BACK } from "./releases-scripts.ts";
import { discardNew } from "./runtime-config.ts";
import { BACK } from "./undo-scripts.ts";

/** What of one recorded change was taken back. */
export interface UndoneChange {
  readonly what: FileChange["what"];
  readonly path: string;
  readonly undone: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** What an undo did; the changes in the order in which they were taken back. */
export interface UndoReport {
  readonly node: string;
  readonly version: string;
  readonly changes: readonly UndoneChange[];
}

/**
 * Takes back what `prepareRelease` and `unpackVersion` changed for a version, the last change first. A file that is no longer as they left it stays; so does
 * a library that another version has come to use, and `RELEASES` while another version would be forgotten. An application that was started runs on.
 * @throws ReleaseError when the version runs, or the journal of this machine has no such change
 * @throws GuardHeldError JournalError UnfinishedOperationError before anything is changed
 * @example
 * import { undoPrepare } from "beamctl";
 *
 * const { changes } = await undoPrepare(node, "0.2.0");
 * for (const { path, undone, reason } of changes) console.log(path, undone ? "taken back" : reason);
 */
export async function undoPrepare(
  node: BeamNode,
  version: string,
  options: { readonly stateDirectory?: string } = {},
): Promise<UndoReport> {
  await refuseRunning(node, version);
  const purpose = `${preparing(version)} --undo`;
  const about = { operation: randomUUID(), purpose, stateDirectory: options.stateDirectory };
  const changes = await FileChanges.run(node, about, async (recorded) => {
    const files = changesOf(recorded.journal.records, version);
    if (files.length === 0) {
      throw new ReleaseError(`the journal has no change that was made for ${version}`, {
        node: node.name,
        remedy:
          "Undo it on the machine and as the user that prepared it; docs/plain-mix-release.md says how by hand.",
      });
    }
    const done: UndoneChange[] = [];
    for (const { what, path, backup, before, after } of files.toReversed()) {
      const change = { what, path, backup, before, after };
      const undo = () => undoOne(node, version, change, recorded);
      const back = { ...(after && { before: after }), ...(before && { after: before }) };
      const record: FileChange = { what, path, why: TAKEN_BACK, ...back };
      let reason: string | undefined;
      await recorded.make(record, async () => {
        reason = await undo();
        return {};
      });
      done.push({ what, path, undone: reason === undefined, ...(reason && { reason }) });
    }
    return done;
  });
  return { node: node.name, version, changes };
}

async function refuseRunning(node: BeamNode, version: string): Promise<void> {
  const known = (await whichReleases(node)).find((release) => release.version === version);
  if (known === undefined || known.status === "unpacked" || known.status === "old") return;
  throw new ReleaseError(`${version} is ${known.status}: what it runs on is not taken away`, {
    node: node.name,
    remedy: "Go to another version first.",
  });
}

/** What was changed for the version since it was last undone. */
function changesOf(
  records: readonly JournalRecord[],
  version: string,
): JournalOperation["files"][number][] {
  const purposes = [preparing(version), `release unpack ${version}`];
  const operations = operationsOf(records);
  const last = operations.findLastIndex(
    ({ purpose, ended }) => purpose === `${preparing(version)} --undo` && ended?.outcome === "done",
  );
  return operations
    .slice(last + 1)
    .filter(({ purpose }) => purposes.includes(purpose))
    .flatMap(({ files }) => files);
}

type Recorded = Pick<FileChange, "what" | "path"> & {
  readonly [key in "backup" | "before" | "after"]: string | undefined;
};

/** @returns why it stays, if it does */
async function undoOne(
  node: BeamNode,
  version: string,
  change: Recorded,
  recorded: FileChanges,
): Promise<string | undefined> {
  const { what, path } = change;
  if (what === "application") return "it runs on: application:stop would end it";
  if (what === "release") {
    const known = (await whichReleases(node)).some((release) => release.version === version);
    if (known) await setRemoved(node, version);
    return undefined;
  }
  if (what === "folder") {
    const library = path.split("/").at(-1) ?? "";
    const users = (await whichReleases(node)).filter(({ libraries }) =>
      libraries.some((one) => `${one.name}-${one.version}` === library),
    );
    if (users.length > 0) return `${users[0]?.version} uses it`;
  } else {
    const [now, folder] = await pathStates(node, [path, path.slice(0, path.lastIndexOf("/"))]);
    if (folder?.kind === "missing") return undefined; // it went with all that was in it
    if (path.endsWith("/sys.config")) await discardNew(node, path);
    const md5 = now?.kind === "file" ? now.md5 : undefined;
    if (md5 === change.before) return undefined; // it is as it was
    if (path.endsWith("/RELEASES")) return releasesBack(node, change, recorded);
    if (change.after === undefined) return "the record of what was written is missing";
    if (md5 !== change.after) return "it was changed since";
  }
  const backup = change.backup === undefined ? atom("none") : charlist(change.backup);
  const result = await runScript(node, BACK, { Path: charlist(path), Backup: backup });
  return problemOf(result);
}

async function releasesBack(
  node: BeamNode,
  { backup }: Recorded,
  recorded: FileChanges,
): Promise<string | undefined> {
  const { releases } = await releasePlaces(node);
  const guard = await recorded.refuseWhileGuarded();
  const bindings = {
    Releases: charlist(releases),
    Backup: backup === undefined ? atom("none") : charlist(backup),
    Guard: guard ?? atom("undefined"),
  };
  const problem = problemOf(await runScript(node, RELEASES_BACK, bindings));
  if (problem === "release_handler_down") throw handlerDown(node);
  return problem === "versions_would_be_forgotten"
    ? "the release handler would forget versions that it knows"
    : problem;
}
