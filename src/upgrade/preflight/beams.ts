/** The beams of both versions: that the new ones are there, and that the relup loads what differs. */

import { compareBeams, fileFacts } from "../../otp/index.ts";
import { changedModules, type Instruction, partsOf } from "../../relup/index.ts";
import { Atom, type Term, Tuple, textOf } from "../../term/index.ts";
import type { Finding } from "./finding.ts";
import type { Check, Given } from "./given.ts";
import type { Library } from "./records.ts";
import { few, labels } from "./words.ts";

/** That the libraries are whole, and no changed module stays behind. */
export const beams: Check = {
  name: "the beams of the version",
  find: async (given) => {
    const after = (await (await given.records()).of(given.version))?.libraries ?? [];
    return [
      ...(await folders(given, after)),
      ...(await loaded(given, after)),
      ...(await leftBehind(given, after)),
    ];
  },
};

async function folders(
  { remote, version, call }: Given,
  after: readonly Library[],
): Promise<Finding[]> {
  const paths = after.map(({ name, folder }) => `${folder}/ebin/${name}.app`);
  const lacking = (await fileFacts(remote, paths, call)).filter(({ readable }) => !readable);
  if (lacking.length === 0) return [];
  return [
    {
      code: "applications-missing",
      severity: "refusal",
      what: `${version} lacks ${few(lacking.map(({ path }) => path))}`,
      cause:
        "the install reads every application's .app file and fails half way, or the next restart does",
      remedy: "Unpack a package with all libraries that are new since the version that runs.",
      about: lacking.map(({ path }) => path),
    },
  ];
}

async function loaded(given: Given, after: readonly Library[]): Promise<Finding[]> {
  const { remote, path, version, call } = given;
  const wanted = path.instructions.flatMap((instruction) => beamsOf(instruction, after));
  const unknown = wanted.filter((beam) => beam.startsWith("?")).map((beam) => beam.slice(1));
  const paths = wanted.filter((beam) => !beam.startsWith("?"));
  const lacking = (await fileFacts(remote, paths, call)).filter(({ readable }) => !readable);
  const about = [...new Set([...unknown, ...lacking.map((facts) => facts.path)])];
  if (about.length === 0) return [];
  return [
    {
      code: "beams-missing",
      severity: "refusal",
      what: `the relup loads what is not there: ${few(about)}`,
      cause: "relup and libraries are of different builds, or the unpacked package was not whole",
      remedy: `Unpack ${version} again from one build.`,
      about,
    },
  ];
}

/** The beams that `{load_object_code, {Lib, Vsn, Modules}}` reads; `?Lib-Vsn` when the version has no such library. */
function beamsOf(instruction: Instruction, after: readonly Library[]): string[] {
  const { tag, args } = partsOf(instruction);
  const [detail] = args;
  if (tag !== "load_object_code" || !(detail instanceof Tuple)) return [];
  const [name, vsn, modules] = detail.items;
  if (!(name instanceof Atom) || !Array.isArray(modules)) return [];
  const number = textOf(vsn ?? 0);
  const library = after.find((one) => one.name === name.name && one.version === number);
  if (library === undefined) return after.length === 0 ? [] : [`?${name.name}-${number}`];
  return (modules as readonly Term[]).flatMap((module) =>
    module instanceof Atom ? [`${library.folder}/ebin/${module.name}.beam`] : [],
  );
}

/** What differs on the disk stays as it is in memory unless an instruction loads it. */
async function leftBehind(given: Given, after: readonly Library[]): Promise<Finding[]> {
  const { remote, running, version, records, path, call } = given;
  const before = (await (await records()).of(running.version))?.libraries ?? [];
  const pairs = after.flatMap(({ name, folder }) => {
    const old = before.find((library) => library.name === name)?.folder;
    const pair = { name, old: `${old}/ebin`, fresh: `${folder}/ebin` };
    return old === undefined || old === folder ? [] : [pair];
  });
  if (pairs.length === 0) return [];
  const touched = new Set(changedModules(path.instructions));
  const found = (await compareBeams(remote, pairs, call)).flatMap(({ changed, added }) => ({
    stale: changed.filter((module) => !touched.has(module)),
    fresh: added.filter((module) => !touched.has(module)),
  }));
  const stale = found.flatMap((one) => one.stale);
  const fresh = found.flatMap((one) => one.fresh);
  const remedy = `Add {load_module, Module} (add_module for new ones) to the .appup, build the relup anew, and unpack ${version} again.`;
  return [
    ...finding("changed-not-loaded", stale, {
      what: "modules differ that no instruction of the relup loads",
      cause: "they run in their old code until the node is restarted, among new code",
      remedy: `${remedy} Elixir does not always compile the same source to the same beam: then it may stay.`,
    }),
    ...finding("new-not-loaded", fresh, {
      what: "modules are new that no instruction of the relup loads",
      cause: "an embedded node loads no module by itself: a call to one of them fails",
      remedy,
    }),
  ];
}

function finding(
  code: string,
  modules: readonly string[],
  words: Pick<Finding, "what" | "cause" | "remedy">,
): Finding[] {
  if (modules.length === 0) return [];
  const what = `${words.what}: ${labels(modules)}`;
  return [{ code, severity: "warning", ...words, what, about: modules }];
}
