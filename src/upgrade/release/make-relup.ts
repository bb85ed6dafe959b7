/** A relup made on the node, from the appups that lie there. */

import type { FileChanges } from "../../guard/index.ts";
import type { BeamNode } from "../../node/index.ts";
import { Answer, pathStates, type Release, runScript } from "../../otp/index.ts";
import {
  instructionsOf,
  parseRelup,
  type Relup,
  type RelupEntry,
  RelupError,
  readRelup,
  readRelupFile,
  restartsEmulator,
  writeRelup,
} from "../../relup/index.ts";
import { bool, charlist, type Term, textOf, tuple } from "../../term/index.ts";
import type { Found, ReleaseProblem } from "./change.ts";
import { ReleaseError } from "./errors.ts";
import { type Layout, layoutOf, type PackageOnNode, peek, type Rel } from "./layout.ts";
import { APPUPS, CHANGED, MAKE } from "./relup-scripts.ts";

/** Reading every .app and .beam of two releases takes a while. */
const PATIENCE = 120_000;

/** An application in both versions of it. */
interface Changed {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

/** How a relup can be made: in the folder of `newer`, whose applications have the appups. */
export interface RelupPlan {
  readonly newer: Layout;
  readonly older: Layout;
}

/** Whether a relup leads from what runs to the version; if not, whether one can be made. Read-only. */
export async function findRelup(
  node: BeamNode,
  running: Release,
  version: string,
): Promise<Found & { readonly plan?: RelupPlan }> {
  try {
    const { instructions } = await readRelup(node, running.version, version);
    return restartsEmulator(instructions) ? { problems: [emulator(version)] } : {};
  } catch (error) {
    if (!(error instanceof RelupError)) throw error;
  }
  const layouts = {
    wanted: await layoutOf(node, running.name, version),
    runs: await layoutOf(node, running.name, running.version),
  };
  const ways = [
    { newer: layouts.wanted, older: layouts.runs },
    { newer: layouts.runs, older: layouts.wanted },
  ];
  for (const plan of ways) {
    const changed = changedBetween(plan.older.rel, plan.newer.rel);
    const lacking = await withoutAppup(node, plan.newer, changed);
    if (plan.newer.rel !== undefined && plan.older.rel !== undefined && lacking.length === 0) {
      return { change: relupChange(plan.newer.folder, running.version, version), plan };
    }
  }
  const problems: ReleaseProblem[] = [];
  const changed = changedBetween(layouts.runs.rel, layouts.wanted.rel);
  for (const one of await withoutAppup(node, layouts.wanted, changed)) {
    problems.push(await noAppup(node, layouts.wanted, one));
  }
  if (problems.length === 0) problems.push(noRel(layouts.wanted, layouts.runs));
  return { problems };
}

/** The same of a package that is not unpacked yet. Read-only. */
export async function foresee(
  node: BeamNode,
  running: Release,
  version: string,
  found: PackageOnNode,
): Promise<Found> {
  const has = (path: string) => found.entries.find((entry) => entry.path === path);
  const own = has(`releases/${version}/relup`);
  const term = own && (await peek(node, found.path, own.name));
  if (term !== undefined && leads(term, running.version)) return {};
  const { rel } = await layoutOf(node, running.name, running.version);
  const lacking = changedBetween(rel, found.rel).filter(
    ({ name, to }) => has(`lib/${name}-${to}/ebin/${name}.appup`) === undefined,
  );
  const folder = `${(await layoutOf(node, running.name, version)).folder}`;
  if (lacking.length === 0) return { change: relupChange(folder, running.version, version) };
  return {
    problems: lacking.map(({ name, from, to }) => ({
      step: "relup",
      what: `${name} goes from ${from} to ${to} without an appup`,
      remedy: `Put ${name}.appup into lib/${name}-${to}/ebin; \`release unpack ${version}\` first, then \`release prepare\` names the modules.`,
    })),
  };
}

/**
 * Makes the relup by `systools:make_relup` on the node and writes it to the newer version's folder; entries of a relup that is there stay, and it is kept as a backup.
 * @returns what systools warned of
 * @throws ReleaseError with systools' own words
 */
export async function makeRelup(
  node: BeamNode,
  { newer, older }: RelupPlan,
  changes: FileChanges,
): Promise<readonly string[]> {
  const [to, from] = [newer.rel, older.rel] as [Rel, Rel];
  const path = new Set(
    [to, from].flatMap(({ applications }) =>
      applications.map(({ name, version }) => `${newer.root}/lib/${name}-${version}/ebin`),
    ),
  );
  const bindings = {
    New: charlist(to.file.replace(/\.rel$/, "")),
    Old: charlist(from.file.replace(/\.rel$/, "")),
    Path: [...path].map(charlist),
  };
  const answer = new Answer(node, MAKE.name);
  const result = answer.tuple(await runScript(node, MAKE, bindings, { timeout: PATIENCE }));
  const words = lines(textOf((result[2] ?? result[1]) as Term) ?? "");
  if (answer.atom(result[0]) !== "ok") {
    throw new ReleaseError(`systools makes no relup: ${words.join(" ")}`, {
      node: node.name,
      remedy: "Mend the .appup that it names: it must lead up from and down to the other version.",
    });
  }
  const file = `${newer.folder}/relup`;
  const made = parseRelup(result[1] as Term, file);
  const there = newer.files.includes("relup")
    ? await readRelupFile(node, newer.version)
    : undefined;
  const relup = there === undefined ? made : merged(there.relup, made);
  if (restartsEmulator(instructionsOf(relup, older.version).upInstructions)) {
    throw new ReleaseError(`the relup would restart the emulator: ${words.join(" ")}`, {
      node: node.name,
      remedy: emulator(newer.version).remedy,
    });
  }
  const [former] = await pathStates(node, [file]);
  const before = former?.kind === "file" ? { before: former.md5 } : {};
  await changes.make(
    {
      what: "file",
      path: file,
      ...before,
      why: `the way between ${older.version} and ${newer.version}`,
    },
    async () => {
      const expected = there === undefined ? {} : { expected: there.term };
      const { backup } = await writeRelup(node, newer.version, relup, expected);
      const [now] = await pathStates(node, [file]);
      return {
        ...(backup === undefined ? {} : { backup }),
        ...(now?.kind === "file" ? { after: now.md5 } : {}),
      };
    },
  );
  return words.map((word) => `systools: ${word}`);
}

/** The applications that both versions have, in different versions. One that comes or goes needs no appup. */
function changedBetween(older: Rel | undefined, newer: Rel | undefined): Changed[] {
  const former = new Map(older?.applications.map(({ name, version }) => [name, version]));
  return (newer?.applications ?? []).flatMap(({ name, version: to }) => {
    const from = former.get(name);
    return from === undefined || from === to ? [] : [{ name, from, to }];
  });
}

async function withoutAppup(
  node: BeamNode,
  { root }: Layout,
  changed: readonly Changed[],
): Promise<Changed[]> {
  const libraries = changed.map(({ name, to }) =>
    tuple(charlist(name), charlist(`${root}/lib/${name}-${to}`)),
  );
  const answer = new Answer(node, APPUPS.name);
  const has = answer.list(await runScript(node, APPUPS, { Libraries: libraries }));
  return changed.filter((_, at) => has[at] !== bool(true));
}

async function noAppup(node: BeamNode, { root }: Layout, one: Changed): Promise<ReleaseProblem> {
  const { name, from, to } = one;
  const folder = (version: string) => charlist(`${root}/lib/${name}-${version}`);
  const answer = new Answer(node, CHANGED.name);
  const bindings = { Old: folder(from), New: folder(to) };
  const lists = answer.tuple(await runScript(node, CHANGED, bindings, { timeout: PATIENCE }), 3);
  const told = ["changed", "new", "gone"].flatMap((word, at) => {
    const modules = answer.list(lists[at]).map((module) => answer.text(module));
    return modules.length === 0 ? [] : [`${word}: ${modules.join(", ")}`];
  });
  return {
    step: "relup",
    what: `${name} goes from ${from} to ${to} without an appup; ${told.join("; ") || "its code is the same"}`,
    remedy: `Write ${root}/lib/${name}-${to}/ebin/${name}.appup: {"${to}", [{"${from}", [{load_module, M}, ...]}], [{"${from}", [...]}]}.`,
  };
}

function relupChange(folder: string, from: string, to: string): Found["change"] & object {
  return {
    step: "relup",
    what: `make a relup between ${from} and ${to} from the appups (systools:make_relup)`,
    why: "no relup leads there",
    files: [`${folder}/relup`],
    undo: "the file as it was, or none",
  };
}

function emulator(version: string): ReleaseProblem {
  return {
    step: "relup",
    what: `the way to ${version} restarts the emulator`,
    remedy: "Another ERTS, kernel or stdlib needs a restart: deploy this version by one.",
  };
}

function noRel({ rel, folder }: Layout, runs: Layout): ReleaseProblem {
  return {
    step: "relup",
    what: `no relup can be made: ${rel === undefined ? folder : runs.folder} has no .rel`,
    remedy: "Copy NAME.rel of that version's build there.",
  };
}

/** Whether a relup has the way up from a version and down to it. */
function leads(term: Term, version: string): boolean {
  try {
    const { up } = parseRelup(term);
    return up.some((entry) => entry.version === version);
  } catch {
    return false;
  }
}

function merged(there: Relup, made: Relup): Relup {
  const join = (old: readonly RelupEntry[], fresh: readonly RelupEntry[]) => [
    ...old,
    ...fresh.filter(({ version }) => !old.some((entry) => entry.version === version)),
  ];
  return { ...made, up: join(there.up, made.up), down: join(there.down, made.down) };
}

function lines(text: string): string[] {
  return text.split("\n").flatMap((line) => line.trim() || []);
}
