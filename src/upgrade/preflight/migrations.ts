/** Migrations of Ecto that come with the new version. */

import { listDir, RemoteFileError } from "../../otp/index.ts";
import { changedApplications } from "./applications.ts";
import type { Finding } from "./finding.ts";
import type { Check } from "./given.ts";
import { few, number } from "./words.ts";

/** Told from the names of the files alone: which of them the database has is not asked. */
export const migrations: Check = {
  name: "the migrations of Ecto",
  find: async (given) => {
    const { remote, call } = given;
    const found: Finding[] = [];
    for (const { name, folder, oldFolder } of await changedApplications(given)) {
      // The repositories: `priv/repo`, and what others are called.
      for (const repository of await folders(`${folder}/priv`)) {
        const inner = `priv/${repository}/migrations`;
        const files = await folders(`${folder}/${inner}`);
        const old = oldFolder === undefined ? [] : await folders(`${oldFolder}/${inner}`);
        const fresh = files.filter((file) => /^\d+_.*\.exs$/.test(file) && !old.includes(file));
        if (fresh.length === 0) continue;
        found.push({
          code: "migrations-new",
          severity: "notice",
          what: `${name} has ${number(fresh.length, "migration")} in ${inner} that ${oldFolder === undefined ? "this release" : "the version that runs"} has not: ${few(fresh.sort())}`,
          cause:
            "an upgrade runs no migration, and both versions may work on the database for a time",
          remedy:
            "Those that only add (tables, columns) run before the upgrade; those that take away, after it, when nobody goes back.",
          about: fresh.map((file) => `${inner}/${file}`),
        });
      }
    }
    return found;

    async function folders(path: string): Promise<string[]> {
      return listDir(remote, path, call).catch((error: unknown) => {
        if (error instanceof RemoteFileError) return []; // a file among the folders
        throw error;
      });
    }
  },
};
