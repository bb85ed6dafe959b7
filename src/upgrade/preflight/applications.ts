/** The applications whose version changes, and where their files lie on the node. */

import { whichApplications } from "../../otp/index.ts";
import { partsOf } from "../../relup/index.ts";
import { Atom, type Term, Tuple, textOf } from "../../term/index.ts";
import type { Given } from "./given.ts";

/** An application in both versions; `undefined` where it does not run, or is not part of the new one. */
export interface ChangedApplication {
  readonly name: string;
  readonly from: string | undefined;
  readonly to: string;
  /** The folder of the new version. */
  readonly folder: string;
  /** The folder of the version that runs. */
  readonly oldFolder: string | undefined;
}

/** By what the release handler knows of the new version, else by what the relup loads. */
export async function changedApplications(given: Given): Promise<ChangedApplication[]> {
  const { remote, releases, version, root, call } = given;
  const running = new Map((await whichApplications(remote, call)).map((app) => [app.name, app]));
  const libraries = releases.find((release) => release.version === version)?.libraries ?? [];
  const wanted = new Map(libraries.map((library) => [library.name, library.version]));
  for (const { name, version: to } of loadedLibraries(given)) wanted.set(name, to);
  return [...wanted].flatMap(([name, to]) => {
    const from = running.get(name)?.version;
    if (from === to) return [];
    const folder = (vsn: string) => `${root}/lib/${name}-${vsn}`;
    return [{ name, from, to, folder: folder(to), oldFolder: from && folder(from) }];
  });
}

/** The modules that the relup loads, with the beam on the node that each is loaded from. */
export function loadedBeams(given: Given): ReadonlyMap<string, string> {
  return new Map(
    loadedLibraries(given).flatMap(({ name, version, modules }) =>
      modules.map(
        (module) => [module, `${given.root}/lib/${name}-${version}/ebin/${module}.beam`] as const,
      ),
    ),
  );
}

/** An application of the new version, and the modules of it that the relup loads. */
export interface Library {
  readonly name: string;
  readonly version: string;
  readonly modules: readonly string[];
}

/** `{load_object_code, {Lib, Vsn, [Module]}}`. */
export function loadedLibraries({ path }: Given): Library[] {
  return path.instructions.flatMap((instruction) => {
    const { tag, args } = partsOf(instruction);
    const [name, version, modules] =
      tag === "load_object_code" && args[0] instanceof Tuple ? args[0].items : ([] as Term[]);
    if (!(name instanceof Atom) || !Array.isArray(modules)) return [];
    const names = (modules as readonly Term[]).flatMap((one) =>
      one instanceof Atom ? [one.name] : [],
    );
    return [{ name: name.name, version: textOf(version ?? []) ?? "", modules: names }];
  });
}
