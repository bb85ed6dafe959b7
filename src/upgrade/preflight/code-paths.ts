/** Whether the code that runs is that of the release. */

import { loadedFrom } from "../../otp/index.ts";
import { changedModules, moduleLabel } from "../../relup/index.ts";
import type { Finding } from "./finding.ts";
import type { Check, Given } from "./given.ts";
import { few } from "./words.ts";

/** The mode of the code server, folders from elsewhere, and changed modules that were loaded from elsewhere. */
export const codePaths: Check = {
  name: "where the code comes from",
  find: async (given) => {
    const { surroundings, root, records, running, version } = given;
    const { mode, codePath, kernel } = await surroundings();
    const lib = (await (await records()).of(running.version))?.libraries ?? [];
    const homes = [root, ...lib.map(({ folder }) => folder)];
    const home = (path: string) => homes.some((folder) => path.startsWith(`${folder}/`));
    // A root that is named by way of a link: nothing can be told from the paths.
    if (!home(kernel)) return [];
    const strange = codePath.filter((path) => path.startsWith("/") && !home(path));
    return [
      ...(mode === "embedded" ? [] : [interactive(version)]),
      ...(strange.length === 0 ? [] : [fromElsewhere(strange)]),
      ...(await loaded(given, home)),
    ];
  },
};

function interactive(version: string): Finding {
  return {
    code: "interactive-mode",
    severity: "warning",
    what: "the node loads code when it is first called (interactive mode)",
    cause: `during the install a module that was not loaded before comes from ${version} among old code`,
    remedy: "Start releases in embedded mode (RELEASE_MODE=embedded), as they do by default.",
    about: [],
  };
}

function fromElsewhere(folders: readonly string[]): Finding {
  return {
    code: "foreign-code-path",
    severity: "warning",
    what: `folders on the code path are not of the release: ${few(folders)}`,
    cause:
      "a module that lies there as well may be loaded from there instead of from the new version",
    remedy: "Take them off the path (`-pa`, ERL_LIBS) where the node is started.",
    about: folders,
  };
}

async function loaded(
  { remote, path, running, call }: Given,
  home: (path: string) => boolean,
): Promise<Finding[]> {
  const files = await loadedFrom(remote, changedModules(path.instructions), call);
  const strange = files.filter(({ file }) => !home(file));
  if (strange.length === 0) return [];
  const shown = strange.map(
    ({ module, file }) => `${moduleLabel(module)} (${file === "" ? "from memory" : file})`,
  );
  return [
    {
      code: "loaded-from-elsewhere",
      severity: "warning",
      what: `modules that change do not run as ${running.version} has them: ${few(shown)}`,
      cause: "they were loaded by hand: what they hold and how they convert it nobody has tried",
      remedy:
        "Make sure that the new version has the fix; load the release's own beam before, if it can be done.",
      about: strange.map(({ module }) => module),
    },
  ];
}
