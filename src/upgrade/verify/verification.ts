/** The verification of one upgrade: a picture before, and what is compared with it afterwards. */

import { setTimeout as delay } from "node:timers/promises";
import { AbortedError, type ErrorCode, isBeamError } from "../../errors.ts";
import type { BeamNode } from "../../node/index.ts";
import {
  type CrashWatch,
  type RunningApplication,
  watchCrashes,
  whichApplications,
} from "../../otp/index.ts";
import { changedModules, partsOf, type RelupPath } from "../../relup/index.ts";
import { Atom, type Term, Tuple } from "../../term/index.ts";
import { type Listener, listeners } from "../../topology/index.ts";
import { UpgradeError } from "../errors.ts";
import type { Stage } from "../events.ts";
import type { Prepared } from "../prepare.ts";
import { installedItems } from "./installed.ts";
import { type Picture, pictureOf } from "./picture.ts";
import { type ChannelCounts, channelItem, countChannels, listenerItem } from "./serving.ts";
import { crashItem, processItem, restartItem } from "./since.ts";
import type { Verified, VerifiedAt, VerifiedItem, VerifiedWhat } from "./verified.ts";

type Item = Omit<VerifiedItem, "at">;

/** The longest between two looks while it soaks, in milliseconds. */
const ROUND = 5_000;

/** Errors of a question, not of the link. */
const BLIND: readonly ErrorCode[] = [
  "BEAM_TIMEOUT",
  "BEAM_REMOTE",
  "BEAM_DECODE",
  "BEAM_LIMIT",
  "BEAM_TOPOLOGY",
];

/** The node as it was before anything was changed; `undefined` is what could not be seen then. */
interface Before {
  readonly applications: readonly RunningApplication[] | undefined;
  readonly listeners: readonly Listener[] | undefined;
  readonly channels: ChannelCounts;
  readonly picture: Picture | undefined;
}

/** Looks before, after the install, after the resume and through the soak. Reads only, but for the watch on the log. */
export class Verification implements AsyncDisposable {
  readonly #node: BeamNode;
  readonly #version: string;
  readonly #prepared: Prepared;
  readonly #tell: (item: VerifiedItem) => void;
  readonly #modules: readonly string[];
  readonly #changing: readonly string[];
  readonly #before: Before;
  readonly #back: boolean;
  readonly #watch: CrashWatch | undefined;
  readonly #items = new Map<string, VerifiedItem>();
  /** Errors that were told before the soak: what comes after them is the soak's. */
  #logged = 0;

  private constructor(
    node: BeamNode,
    { version, prepared, tell, back }: VerificationOptions,
    before: Before,
    watch: CrashWatch | undefined,
  ) {
    this.#node = node;
    this.#version = version;
    this.#prepared = prepared;
    this.#tell = tell;
    this.#back = back;
    this.#modules = changedModules(prepared.path.instructions);
    this.#changing = changing(prepared.path);
    this.#before = before;
    this.#watch = watch;
  }

  /** Takes the picture of before, and watches the log from now on. @throws BeamError when the link is lost */
  static async begin(node: BeamNode, options: VerificationOptions): Promise<Verification> {
    const watch = options.crashReports ? await seen(() => watchCrashes(node)) : undefined;
    const { path } = options.prepared;
    const before: Before = {
      applications: await seen(() => whichApplications(node)),
      listeners: await seen(() => listeners(node)),
      channels: await seen(() => countChannels(node)),
      picture: await seen(() => pictureOf(node, changing(path))),
    };
    return new Verification(node, options, before, watch);
  }

  get result(): Verified {
    const items = [...this.#items.values()];
    const modules = items.findLast(({ what }) => what === "modules")?.compared ?? 0;
    return { items, modules, ok: items.every(({ result }) => result !== "failed") };
  }

  /**
   * With everything running again: what runs is what was to be installed, and it serves as before. Nothing is held for it, since what it finds
   * would not be mended by that.
   * @throws UpgradeError with all that is not so
   */
  async installed(): Promise<void> {
    const { release, path } = this.#prepared;
    const expected = {
      version: this.#version,
      from: release,
      applications: this.#before.applications,
      modules: this.#modules,
      instructions: path.instructions,
    };
    this.#add("installed", ...(await installedItems(this.#node, expected)));
    const { picture } = this.#before;
    if (picture !== undefined && this.#changing.length > 0) {
      await this.#look("installed", "processes", async () => {
        const now = await pictureOf(this.#node, this.#changing);
        return processItem(picture, now, this.#changing, this.#back);
      });
    }
    await this.#serving("resumed");
    this.#refuse("verify", ["installed", "resumed"]);
  }

  /** Lets the version run for this long and looks again and again. @throws UpgradeError with what went wrong; AbortedError */
  async soak(milliseconds: number, signal: AbortSignal): Promise<void> {
    const until = performance.now() + milliseconds;
    const round = Math.min(ROUND, Math.ceil(milliseconds / 3));
    for (let left = milliseconds; left > 0; left = until - performance.now()) {
      await delay(Math.min(round, left), undefined, { signal }).catch((cause: unknown) => {
        throw new AbortedError(`the soak of ${this.#version}`, {
          remedy:
            "It runs and is not permanent: `beamctl release commit`, or `beamctl release rollback`.",
          cause,
        });
      });
      await this.#serving("soak");
      this.#refuse("soak", ["soak"]);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
  }

  async #serving(at: VerifiedAt): Promise<void> {
    const { listeners: had, channels, picture } = this.#before;
    if (had !== undefined) await this.#look(at, "listeners", () => listenerItem(this.#node, had));
    await this.#look(at, "channels", () => channelItem(this.#node, channels));
    if (picture !== undefined) {
      await this.#look(at, "restarts", async () => {
        const now = await pictureOf(this.#node, []);
        return restartItem(picture, now, had ?? [], stoppedBy(this.#prepared.path));
      });
    }
    const watch = this.#watch;
    if (watch !== undefined) {
      await this.#look(at, "crashes", async () => {
        const reports = await watch.read();
        if (at === "soak")
          return crashItem(reports, this.#modules, { strict: true, after: this.#logged });
        this.#logged = reports.count;
        return crashItem(reports, this.#modules, { strict: false });
      });
    }
  }

  /** A question that cannot be answered is a warning: the node may be busy, and nothing is known to be wrong. */
  async #look(at: VerifiedAt, what: VerifiedWhat, work: () => Promise<Item>): Promise<void> {
    try {
      this.#add(at, await work());
    } catch (error) {
      if (!isBlind(error)) throw error;
      const found = `could not be looked at: ${error instanceof Error ? error.message : String(error)}`;
      this.#add(at, { what, result: "warning", compared: 0, found, about: [] });
    }
  }

  #add(at: VerifiedAt, ...items: readonly Item[]): void {
    for (const item of items) {
      const told = this.#items.get(`${at} ${item.what}`);
      const verified: VerifiedItem = { at, ...item };
      this.#items.set(`${at} ${item.what}`, verified);
      if (told?.found !== item.found) this.#tell(verified);
    }
  }

  #refuse(stage: Stage, at: readonly VerifiedAt[]): void {
    const { result } = this;
    const failed = result.items.filter((item) => at.includes(item.at) && item.result === "failed");
    if (failed.length === 0) return;
    const text = failed.map(({ what, found }) => `${what}: ${found}`).join("; and ");
    throw new UpgradeError(stage, "changed", text, {
      node: this.#node.name,
      remedy:
        "It is not permanent: `beamctl release rollback` goes back, `beamctl release commit` keeps it, and a restart boots the former release.",
      verified: result,
    });
  }
}

/** How it is verified. */
export interface VerificationOptions {
  readonly version: string;
  readonly prepared: Prepared;
  /** Whether it goes back: who was passed over on the way here has the state of that version still. */
  readonly back: boolean;
  /** Hears each comparison, a repeated one when it comes to something else. */
  readonly tell: (item: VerifiedItem) => void;
  /** Whether the errors that the node logs are counted. */
  readonly crashReports: boolean;
}

async function seen<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (isBlind(error)) return undefined;
    throw error;
  }
}

function isBlind(error: unknown): boolean {
  return isBeamError(error) && BLIND.includes(error.code);
}

/** The modules whose processes get another state: `{code_change, [...]}`. */
function changing({ instructions }: RelupPath): string[] {
  return instructions.flatMap((instruction) => {
    const { tag, args } = partsOf(instruction);
    return tag === "code_change" ? namesIn(args.at(-1)) : [];
  });
}

function stoppedBy({ instructions }: RelupPath): string[] {
  return instructions.flatMap((instruction) => {
    const { tag, args } = partsOf(instruction);
    return tag === "stop" ? namesIn(args[0]) : [];
  });
}

/** The modules of `[Module | {Module, _}]`. */
function namesIn(list: Term | undefined): string[] {
  if (!Array.isArray(list)) return [];
  return (list as readonly Term[]).flatMap((item) => {
    const [module] = item instanceof Tuple ? item.items : [item];
    return module instanceof Atom ? [module.name] : [];
  });
}
