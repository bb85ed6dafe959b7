/** Checks that no file has grown too long to be read at one go. */

import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { files, ROOT } from "./bootstrap.mjs";

const LIMITS = { src: 300, test: 500, scripts: 300 };

/** What is too long below `root`, as `file lines`. */
export function oversized(root) {
  return Object.entries(LIMITS).flatMap(([folder, limit]) =>
    files(join(root, folder))
      .filter((file) => /\.(ts|mjs)$/.test(file))
      .map((file) => ({ file, lines: readFileSync(file, "utf8").split("\n").length - 1 }))
      .filter(({ lines }) => lines > limit)
      .map(({ file, lines }) => `${relative(root, file)} has ${lines} lines, more than ${limit}`),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const found = oversized(process.argv[2] ?? ROOT);
  for (const line of found) console.error(line);
  process.exitCode = found.length > 0 ? 1 : 0;
}
