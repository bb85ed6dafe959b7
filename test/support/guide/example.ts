/** The project in `examples/phoenix-tests`, without what npm has put there. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./project.ts";

/** Its TypeScript and configuration, by path. */
export async function exampleFiles(): Promise<Record<string, string>> {
  const root = join(ROOT, "examples/phoenix-tests");
  const files: Record<string, string> = {};
  for (const folder of ["", "tests/"]) {
    for (const name of await readdir(join(root, folder))) {
      if (!/\.ts$|^tsconfig\.json$/.test(name)) continue;
      files[folder + name] = await readFile(join(root, folder, name), "utf8");
    }
  }
  return files;
}
