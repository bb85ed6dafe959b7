/** Closes from outside what a plain `mix release` lacks for a hot upgrade: listed first, recorded, and undone on request. */

import { AbortedError } from "../../errors.ts";
import { FileChanges } from "../../guard/index.ts";
import type { BeamNode } from "../../node/index.ts";
import type { Release } from "../../otp/index.ts";
import { type Operation, startOperation } from "../operation.ts";
import { runningRelease } from "../versions.ts";
import type { Found, ReleaseChange, ReleaseProblem } from "./change.ts";
import { layoutOf, packageOnNode } from "./layout.ts";
import { findRelup, foresee, makeRelup } from "./make-relup.ts";
import { findReleases, writeReleases } from "./releases-file.ts";
import { configChange, findConfig, mergeConfig } from "./runtime-config.ts";
import { findSasl, startSasl } from "./sasl.ts";
import { findUnpack, unpackAs } from "./unpack.ts";
import type { UnpackPlan } from "./unpack-plan.ts";

/** How a version is prepared. */
export interface PrepareOptions {
  /** Only list what would be changed. Default `false`. */
  readonly dryRun?: boolean;
  /** Where journals are kept. Default `$XDG_STATE_HOME/beamctl` or `~/.local/state/beamctl`. */
  readonly stateDirectory?: string;
  readonly signal?: AbortSignal;
}

/** What happens while a version is prepared; `at` is in epoch milliseconds. */
export type PrepareEvent =
  | {
      readonly type: "change";
      readonly state: "start" | "done" | "failed";
      readonly change: ReleaseChange;
      readonly at: number;
    }
  | { readonly type: "problem"; readonly problem: ReleaseProblem; readonly at: number };

/** What a version lacks, or what was done about it. */
export interface PrepareReport {
  readonly node: string;
  readonly version: string;
  readonly dryRun: boolean;
  /** In their order. In a dry run those that follow from earlier ones are as they can be foreseen. */
  readonly changes: readonly ReleaseChange[];
  /** What cannot be done from outside. */
  readonly problems: readonly ReleaseProblem[];
  /** What systools warned of, and keys of environments that code has set. */
  readonly notes: readonly string[];
}

/**
 * Finds what a version still lacks to be gone to hot, and makes it: sasl started, `RELEASES` with the libraries of what runs, the package unpacked, a relup from the
 * appups, the runtime configuration in its `sys.config`, and in that of the version that runs, which is the way back; no other file of it is touched. Each change is in the journal before it is made; {@link undoPrepare} takes them back. Nothing is
 * suspended; meant for a busy production node. To the version that runs only the first two apply.
 * @throws ReleaseError with what is missing and what to do
 * @throws GuardHeldError JournalError UnfinishedOperationError before anything is changed
 * @example
 * import { prepareRelease } from "beamctl";
 *
 * const { changes, problems } = await prepareRelease(node, "0.2.0", { dryRun: true });
 * for (const { what, why } of changes) console.log(what, why);
 * if (problems.length === 0) await prepareRelease(node, "0.2.0");
 */
export function prepareRelease(
  node: BeamNode,
  version: string,
  options: PrepareOptions = {},
): Operation<PrepareEvent, PrepareReport> {
  return startOperation(
    (emit, id, signal) => new Preparation(node, version, options, emit, id, signal).run(),
    options.signal,
  );
}

class Preparation {
  readonly #node: BeamNode;
  readonly #version: string;
  readonly #options: PrepareOptions;
  readonly #emit: (event: PrepareEvent) => void;
  readonly #id: string;
  readonly #signal: AbortSignal;
  readonly #changes: ReleaseChange[] = [];
  readonly #problems: ReleaseProblem[] = [];
  readonly #notes: string[] = [];

  constructor(
    node: BeamNode,
    version: string,
    options: PrepareOptions,
    emit: (event: PrepareEvent) => void,
    id: string,
    signal: AbortSignal,
  ) {
    this.#node = node;
    this.#version = version;
    this.#options = options;
    this.#emit = emit;
    this.#id = id;
    this.#signal = signal;
  }

  async run(): Promise<PrepareReport> {
    const dryRun = this.#options.dryRun === true;
    await this.#survey();
    if (!dryRun && this.#changes.length > 0) {
      const { stateDirectory } = this.#options;
      const purpose = preparing(this.#version);
      const about = { operation: this.#id, purpose, stateDirectory };
      this.#changes.length = 0;
      this.#problems.length = 0;
      this.#notes.length = 0;
      await FileChanges.run(this.#node, about, (changes) => this.#make(changes));
    }
    for (const problem of this.#problems) this.#emit({ type: "problem", problem, at: Date.now() });
    return {
      node: this.#node.name,
      version: this.#version,
      dryRun,
      changes: this.#changes,
      problems: this.#problems,
      notes: this.#notes,
    };
  }

  /** All that would be done, as far as it can be told before the first of it is done. */
  async #survey(): Promise<void> {
    const [node, version] = [this.#node, this.#version];
    const sasl = await findSasl(node);
    this.#note(sasl);
    if (sasl.change !== undefined) return; // nobody can be asked for the rest
    const running = await runningRelease(node);
    this.#note(await findReleases(node));
    if (running.version === version) return;
    const unpack = await findUnpack(node, running.name, version);
    if (unpack !== undefined) this.#note({ change: unpackChange(version, unpack) });
    if (unpack === undefined || unpack.way === "tell") {
      this.#note(await findRelup(node, running, version));
      this.#note(await findConfig(node, running.name, version));
    } else await this.#foresee(running);
    this.#note(wayBack(await findConfig(node, running.name, running.version)));
  }

  async #foresee(running: Release): Promise<void> {
    const layout = await layoutOf(this.#node, running.name, this.#version);
    const found = await packageOnNode(this.#node, layout);
    if (found === undefined) return;
    this.#note(await foresee(this.#node, running, this.#version, found));
    const own = `releases/${this.#version}/`;
    const has = (name: string) => found.entries.some(({ path }) => path === own + name);
    if (has("sys.config") && (has("runtime.exs") || has("releases.exs"))) {
      this.#note({ change: configChange(layout.folder) });
    }
  }

  /** Each step is looked for again, since it follows from those before. */
  async #make(changes: FileChanges): Promise<void> {
    const [node, version] = [this.#node, this.#version];
    await this.#step(await findSasl(node), () =>
      changes.make({ what: "application", path: "sasl", why: "the release handler" }, async () => {
        await startSasl(node);
        return {};
      }),
    );
    const running = await runningRelease(node);
    await this.#step(await findReleases(node), () => writeReleases(node, changes));
    if (running.version === version) return;
    const unpack = await findUnpack(node, running.name, version);
    if (unpack !== undefined) {
      await this.#step({ change: unpackChange(version, unpack) }, () =>
        unpackAs(node, running.name, version, unpack, changes),
      );
    }
    const relup = await findRelup(node, running, version);
    const { plan } = relup;
    await this.#step(relup, async () => {
      if (plan === undefined) return;
      this.#note({ notes: await makeRelup(node, plan, changes) });
    });
    await this.#step(await findConfig(node, running.name, version), async () => {
      this.#note(await mergeConfig(node, running.name, version, changes));
    });
    const back = wayBack(await findConfig(node, running.name, running.version));
    await this.#step(back, () => mergeConfig(node, running.name, running.version, changes));
  }

  #note({ change, problems = [], notes = [] }: Found): void {
    if (change !== undefined) this.#changes.push(change);
    this.#problems.push(...problems);
    this.#notes.push(...notes);
  }

  async #step(found: Found, work: () => Promise<unknown>): Promise<void> {
    this.#note(found);
    const { change } = found;
    if (change === undefined) return;
    if (this.#signal.aborted) {
      throw new AbortedError(`the preparation of ${this.#version}`, {
        remedy: "What was done stays; run it again, or take it back with --undo.",
        cause: this.#signal.reason,
      });
    }
    const tell = (state: "start" | "done" | "failed") =>
      this.#emit({ type: "change", state, change, at: Date.now() });
    tell("start");
    try {
      await work();
    } catch (error) {
      tell("failed");
      throw error;
    }
    tell("done");
  }
}

/** The purpose of a preparation in the journal. */
export function preparing(version: string): string {
  return `release prepare ${version}`;
}

/** The version that runs is the one to go back to, maybe in a hurry; until then nobody reads its file but a restart, which computes the same values. */
function wayBack({ change }: Found): Found {
  const why = "the way back applies this file: what runtime.exs set at the boot would be lost";
  return change === undefined ? {} : { change: { ...change, why } };
}

function unpackChange(version: string, { way, made }: UnpackPlan): ReleaseChange {
  return {
    step: "unpack",
    what: way === "tell" ? `tell the release handler of ${version}` : `unpack ${version}`,
    why:
      way === "tell"
        ? "its files are on the node, and the release handler does not know it"
        : "the release handler does not know it",
    files: made,
    undo: "the release handler forgets it, and what was made is deleted",
  };
}
