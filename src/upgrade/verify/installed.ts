/** Nothing is believed: after the install the node is asked what it really runs. */

import {
  applicationKey,
  loadedAgainstDisk,
  type Release,
  type Remote,
  type RunningApplication,
  whichApplications,
  whichReleases,
} from "../../otp/index.ts";
import { type Instruction, moduleLabel, partsOf } from "../../relup/index.ts";
import { Atom, atom, Tuple } from "../../term/index.ts";
import { ok, some, type VerifiedItem } from "./verified.ts";

type Item = Omit<VerifiedItem, "at">;

/** What the installed code is compared with. */
export interface Expected {
  readonly version: string;
  /** The release that ran before. */
  readonly from: Release | undefined;
  /** The applications that ran before; `undefined` when nobody looked. */
  readonly applications: readonly RunningApplication[] | undefined;
  /** The modules that the relup loads. */
  readonly modules: readonly string[];
  readonly instructions: readonly Instruction[];
}

/** Compares the release's status, the versions of all applications, and the loaded code of all changed ones with their beams. Read-only. */
export async function installedItems(remote: Remote, expected: Expected): Promise<Item[]> {
  const { version } = expected;
  const release = (await whichReleases(remote)).find((found) => found.version === version);
  if (release?.status !== "current" && release?.status !== "permanent") {
    const found = `release ${version} is ${release?.status ?? "unknown"}, not current`;
    return [{ what: "release", result: "failed", compared: 1, found, about: [version] }];
  }
  const running = await whichApplications(remote);
  return [
    ok("release", 1, `${version} is ${release.status}`),
    applications(release, running, expected),
    await modules(remote, release, expected),
  ];
}

function applications(
  release: Release,
  running: readonly RunningApplication[],
  { from, applications: before, instructions }: Expected,
): Item {
  const now = new Map(running.map(({ name, version }) => [name, version]));
  const was = new Set(before?.map(({ name }) => name));
  const old = new Set(from?.libraries.map(({ name }) => name));
  const started = startedBy(instructions);
  const wrong: [name: string, text: string][] = [];
  const odd: [name: string, text: string][] = [];
  for (const { name, version } of release.libraries) {
    const runs = now.get(name);
    if (runs !== undefined && runs !== version) {
      wrong.push([name, `${name} runs as ${runs}, not ${version}`]);
    } else if (runs === undefined && (was.has(name) || started.has(name))) {
      wrong.push([name, `${name} ${version} does not run${was.has(name) ? " any more" : ""}`]);
    } else if (runs === undefined && from !== undefined && !old.has(name)) {
      odd.push([name, `${name} ${version} is new and does not run`]);
    }
  }
  const names = new Set(release.libraries.map(({ name }) => name));
  for (const name of old) {
    if (!names.has(name) && now.has(name))
      odd.push([name, `${name} is no part of it and still runs`]);
  }
  const all = [...wrong, ...odd];
  const compared = release.libraries.length;
  if (all.length === 0) return ok("applications", compared, "all run in the release's versions");
  return {
    what: "applications",
    result: wrong.length > 0 ? "failed" : "warning",
    compared,
    found: all.map(([, text]) => text).join("; "),
    about: all.map(([name]) => name),
  };
}

/** The applications that the instructions start: the release handler does not look at what comes of it. */
function startedBy(instructions: readonly Instruction[]): Set<string> {
  const started = new Set<string>();
  for (const instruction of instructions) {
    const { tag, args } = partsOf(instruction);
    const call = tag === "apply" && args[0] instanceof Tuple ? args[0].items : [];
    const [module, fun, list] = call;
    if (module !== atom("application") || fun !== atom("start") || !Array.isArray(list)) continue;
    if (list[0] instanceof Atom) started.add(list[0].name);
  }
  return started;
}

async function modules(remote: Remote, release: Release, expected: Expected): Promise<Item> {
  const own = new Set(expected.modules);
  const all = new Set(own);
  const before = new Map(expected.from?.libraries.map(({ name, version }) => [name, version]));
  for (const { name, version } of release.libraries) {
    if (before.get(name) === version) continue;
    const listed = await applicationKey(remote, name, "modules");
    if (Array.isArray(listed)) for (const one of listed) if (one instanceof Atom) all.add(one.name);
  }
  const found = await loadedAgainstDisk(remote, [...all]);
  const stale = found.filter(({ same }) => !same).map(({ module }) => module);
  const compared = found.length;
  if (stale.length === 0) return ok("modules", compared, "what is loaded is what lies on the disk");
  const wrong = stale.filter((module) => own.has(module));
  // What the relup does not load stays in the old version until somebody loads it: half an upgrade, but the one that was asked for.
  const text =
    wrong.length > 0
      ? `loaded code differs from the beams on disk: ${some(wrong.map(moduleLabel))}`
      : `changed on disk and not loaded by the relup, so still in the old version: ${some(stale.map(moduleLabel))}`;
  return {
    what: "modules",
    result: wrong.length > 0 ? "failed" : "warning",
    compared,
    found: text,
    about: stale,
  };
}
