/** The runtime configuration of a mix release, merged into the version's sys.config: an install applies that file and nothing else. */

import type { FileChange, FileChanges } from "../../guard/index.ts";
import type { BeamNode } from "../../node/index.ts";
import { Answer, hex, lostEnvironment, problemOf, runScript } from "../../otp/index.ts";
import { moduleLabel } from "../../relup/index.ts";
import { Atom, bool, charlist, type Term, Tuple, textOf } from "../../term/index.ts";
import { runningRelease } from "../versions.ts";
import type { Found, ReleaseProblem } from "./change.ts";
import { MERGE, PUT } from "./config-scripts.ts";
import { ReleaseError } from "./errors.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { stamp } from "./stamp.ts";

/** runtime.exs may read files and ask others. */
const PATIENCE = 60_000;
const CONFIG = "sys.config";
const RUNTIME: readonly string[] = ["runtime.exs", "releases.exs"];

/** Whether a boot of the version would compute values that its sys.config lacks. It evaluates the version's runtime.exs on the node, as a boot does, and writes nothing. */
export async function findConfig(node: BeamNode, name: string, version: string): Promise<Found> {
  const layout = await layoutOf(node, name, version);
  if (!layout.files.includes(CONFIG)) return {};
  if (!layout.files.some((file) => RUNTIME.includes(file))) return lost(node, layout);
  const { result } = await merge(node, layout, false);
  return result instanceof Atom && result.name === "same"
    ? lost(node, layout)
    : { change: configChange(layout.folder) };
}

/** The change as it is shown before the version is unpacked. */
export function configChange(folder: string): Found["change"] & object {
  return {
    step: "config",
    what: "merge the runtime configuration into sys.config",
    why: "an install applies that file alone: what runtime.exs sets at a boot would be lost",
    files: [`${folder}/${CONFIG}`],
    undo: "the file as it was, from its backup",
  };
}

/**
 * Merges what `runtime.exs` gives now, in the environment of the node that runs, into the version's sys.config; the former one stays beside it as a backup. The new one holds
 * secrets, so only the node's user may read it (mode 0600). The provider entries stay in it: a boot of the version evaluates runtime.exs again, over these values.
 * @returns what an install would take away all the same
 * @throws ReleaseError when runtime.exs raises, by the name of the exception
 */
export async function mergeConfig(
  node: BeamNode,
  name: string,
  version: string,
  changes: FileChanges,
): Promise<Found> {
  const layout = await layoutOf(node, name, version);
  const { result, others } = await merge(node, layout, true);
  if (result instanceof Tuple) {
    const [before, after] = result.items;
    const file = `${layout.folder}/${CONFIG}`;
    const backup = `${file}.${stamp()}.bak`;
    const announced = { before: hex(before), after: hex(after), backup };
    const bindings = {
      File: charlist(file),
      New: charlist(`${file}.beamctl-new`),
      Backup: charlist(backup),
      Before: before as Term,
    };
    const put = async () => {
      const problem = problemOf(await runScript(node, PUT, bindings, { timeout: PATIENCE }));
      if (problem !== undefined) throw failed(node, `${file} was not replaced: ${problem}`);
      return {};
    };
    const change: FileChange = { what: "file", path: file, why: "with the runtime configuration" };
    try {
      await changes.make({ ...change, ...announced }, put);
    } catch (error) {
      await discardNew(node, file); // it holds secrets
      throw error;
    }
  }
  const left = await lost(node, layout);
  return others.length === 0 ? left : { ...left, problems: [notRun(others)] };
}

/** Deletes what a replacement that did not come about has left beside a file. */
export async function discardNew(node: BeamNode, file: string): Promise<void> {
  await node.call("file", "delete", [charlist(`${file}.beamctl-new`)]).catch(() => undefined);
}

/** Keys that an install takes away all the same: all of the configuration is there, so code has set them. */
async function lost(node: BeamNode, { releases, folder }: Layout): Promise<Found> {
  const file = `${folder}/${CONFIG}`;
  const { version } = await runningRelease(node);
  const found = await lostEnvironment(node, file, `${releases}/${version}/${CONFIG}`);
  return {
    notes: found.map(({ application, keys }) => {
      const named = keys.map((path) => path.map(moduleLabel).join(".")).join(", ");
      return `code has set ${named} in the environment of ${application}, which ${file} lacks: an install takes it away`;
    }),
  };
}

async function merge(
  node: BeamNode,
  { root, folder }: Layout,
  write: boolean,
): Promise<{ result: Term; others: readonly string[] }> {
  const file = `${folder}/${CONFIG}`;
  const bindings = {
    Root: charlist(root),
    File: charlist(file),
    New: charlist(`${file}.beamctl-new`),
    Runtime: charlist(`${folder}/runtime.exs`),
    Write: bool(write),
  };
  const answer = new Answer(node, MERGE.name);
  const [tag, result, more] = answer.tuple(
    await runScript(node, MERGE, bindings, { timeout: PATIENCE }),
    3,
  );
  if (answer.atom(tag) === "ok") {
    const others = answer.list(more).map((module) => moduleLabel(answer.atom(module)));
    return { result: result as Term, others };
  }
  const step = answer.atom(result);
  const what = more instanceof Atom ? moduleLabel(more.name) : (textOf(more as Term) ?? "");
  throw failed(node, `${file} cannot be merged: ${(WHY[step] ?? (() => step))(what)}`);
}

const WHY: Readonly<Record<string, (what: string) => string>> = {
  environment: (name) => `the node has no environment variable ${name}, which runtime.exs wants`,
  raised: (exception) => `runtime.exs raised ${exception}; its text is not shown: it may be secret`,
  unreadable: () => "it holds no list of terms",
  includes: () => "it includes other files",
  no_elixir: () => "Elixir is not on the node",
  no_text: () => "a value of runtime.exs has no text: a function or a process",
  write: (reason) => reason,
};

function notRun(others: readonly string[]): ReleaseProblem {
  return {
    step: "config",
    what: `configuration providers that were not run: ${others.join(", ")}`,
    remedy: "What only they set is not in the sys.config: compare the environment afterwards.",
  };
}

function failed(node: BeamNode, message: string): ReleaseError {
  return new ReleaseError(message, {
    node: node.name,
    remedy: "Mend runtime.exs or the sys.config of that version; nothing was replaced.",
  });
}
