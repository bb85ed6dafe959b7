/** Changes of files on a node, each in the journal before its effect. No guardian is needed: nothing is suspended. */

import { isBeamError } from "../errors.ts";
import type { BeamNode } from "../node/index.ts";
import { type PathState, pathStates, restartChild, whichReleases } from "../otp/index.ts";
import { atom, type Pid } from "../term/index.ts";
import { settleEarlier, whoWeAre } from "./arming.ts";
import { guardStatus } from "./ask-node.ts";
import { GuardHeldError } from "./errors.ts";
import { Journal } from "./journal/journal.ts";
import type { FileChange, JournalOperation } from "./journal/records.ts";

/** Who changes files, and where that is written down. */
export interface FileChangesOptions {
  /** Names the operation in the journal. */
  readonly operation: string;
  readonly purpose: string;
  /** Where journals are kept. Default `$XDG_STATE_HOME/beamctl` or `~/.local/state/beamctl`. */
  readonly stateDirectory?: string | undefined;
}

/** What of an announced change has happened. */
export interface RecoveredFile extends FileChange {
  /** `changed` as announced, `unchanged`, or `other`: it is neither as before nor as announced. */
  readonly state: "changed" | "unchanged" | "other";
}

/** Errors after which nobody can tell whether the change has happened: the operation stays open for `recover`. */
const UNKNOWN: ReadonlySet<string> = new Set(["BEAM_NODE_DOWN", "BEAM_TIMEOUT", "BEAM_JOURNAL"]);

/** One operation that changes files. */
export class FileChanges {
  readonly #node: BeamNode;
  readonly #journal: Journal;
  readonly #operation: string;

  private constructor(node: BeamNode, journal: Journal, operation: string) {
    this.#node = node;
    this.#journal = journal;
    this.#operation = operation;
  }

  /**
   * Runs `work` as an operation of the node's journal: begun before it, ended after it. When the link is lost in it the operation
   * has no end, and `recover` tells what of it has happened.
   * @throws GuardHeldError while a controller guards the node
   * @throws UnfinishedOperationError when an earlier operation has no end
   * @throws JournalError when the journal cannot be written
   */
  static async run<T>(
    node: BeamNode,
    { operation, purpose, stateDirectory }: FileChangesOptions,
    work: (changes: FileChanges) => Promise<T>,
  ): Promise<T> {
    await using journal = await Journal.open(node.name, stateDirectory);
    await settleEarlier(node, journal);
    const changes = new FileChanges(node, journal, operation);
    await changes.refuseWhileGuarded();
    const { holder, host, purpose: told } = whoWeAre(operation, purpose);
    const { name, creation } = node;
    await journal.append(operation, {
      kind: "begin",
      ...{ node: name, creation, purpose: told, holder, host, guardian: "" },
    });
    try {
      const result = await work(changes);
      await journal.append(operation, { kind: "end", outcome: "done", left: 0 });
      return result;
    } catch (error) {
      if (!isBeamError(error) || !UNKNOWN.has(error.code)) {
        await journal.append(operation, { kind: "end", outcome: "failed", left: 0 });
      }
      throw error;
    }
  }

  /** The operations of this journal, oldest first. */
  get journal(): Journal {
    return this.#journal;
  }

  /** Writes down what will change, changes it, and writes down that it has. */
  async make<T extends Partial<Pick<FileChange, "backup" | "after">>>(
    change: FileChange,
    work: () => Promise<T>,
  ): Promise<T> {
    await this.#journal.append(this.#operation, { kind: "file", ...change });
    const result = await work();
    const { backup, after } = result;
    const { what, path } = change;
    await this.#journal.append(this.#operation, {
      kind: "filed",
      ...{ what, path },
      ...(backup === undefined ? {} : { backup }),
      ...(after === undefined ? {} : { after }),
    });
    return result;
  }

  /**
   * The tombstone on the node, if there is one.
   * @throws GuardHeldError while a controller guards the node: an install may run
   */
  async refuseWhileGuarded(): Promise<Pid | undefined> {
    const status = await guardStatus(this.#node);
    if (status !== undefined && status.phase !== "done") {
      throw new GuardHeldError(status, { node: this.#node.name });
    }
    return status?.guard;
  }
}

/** What has happened of the changes of an operation that has no end; a release handler that was about to be restarted is started. */
export async function recoverFiles(
  node: BeamNode,
  files: JournalOperation["files"],
): Promise<RecoveredFile[]> {
  if (files.length === 0) return [];
  const states = await pathStates(
    node,
    files.map(({ path }) => path),
  );
  if (files.some(({ path }) => path.endsWith("/RELEASES"))) {
    await restartChild(node, atom("sasl_sup"), atom("release_handler"));
  }
  const known = files.some(({ what }) => what === "release") ? await whichReleases(node) : [];
  return files.map(({ done, ...file }, at) => {
    const now = states[at] ?? { kind: "missing" };
    const there =
      file.what === "release"
        ? known.some(({ version }) => version === file.path)
        : now.kind !== "missing";
    return { ...file, state: done ? "changed" : stateOf(file, now, there) };
  });
}

/** Why a change is made that takes an earlier one back: what that had made is to be gone. */
export const TAKEN_BACK = "taken back";

function stateOf(file: FileChange, now: PathState, there: boolean): RecoveredFile["state"] {
  if (file.what === "application") return "other"; // an undo leaves it running, too
  if (file.what !== "file") return there === (file.why === TAKEN_BACK) ? "unchanged" : "changed";
  const md5 = now.kind === "file" ? now.md5 : undefined;
  if (md5 === file.before) return "unchanged";
  return file.after === undefined || md5 === file.after ? "changed" : "other";
}
