/** Checks the order of the rooms: a file in `src` imports only from its own room and from rooms above it. */

import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { files, ROOT } from "./bootstrap.mjs";

// From the top down; rooms on one line do not know each other.
const ORDER = [
  ["errors.ts"],
  ["term"],
  ["etf"],
  ["epmd", "dist"],
  ["transport"],
  ["node"],
  ["otp"],
  ["topology"],
  ["guard"],
  ["relup"],
  ["instructions"],
  ["upgrade"],
  ["fleet"],
  ["cli", "testing"],
  ["index.ts"],
];

// Rooms that stand apart from some that are above them.
const APART = {
  transport: ["term", "etf", "epmd", "dist"],
  guard: ["topology"],
  relup: ["topology", "guard", "instructions"],
};

/** What is wrong in `root/src`, as `file:line what`. */
export function roomViolations(root) {
  const src = join(root, "src");
  return files(src)
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => {
      const own = roomOf(src, file);
      if (level(own) === -1) return [`${relative(root, file)}:1 ${own} is not a room`];
      return imports(file).flatMap(({ path, line }) => {
        const other = roomOf(src, resolve(dirname(file), path));
        const why = whyNot(own, other);
        return why === undefined ? [] : [`${relative(root, file)}:${line} imports ${path}: ${why}`];
      });
    });
}

function whyNot(own, other) {
  if (own === other) return undefined;
  if (other === "..") return "it is outside src";
  if (level(other) === -1) return `${other} is not a room`;
  if (level(other) > level(own)) return `${other} is below ${own}`;
  if (level(other) === level(own)) return `${other} is beside ${own}`;
  return APART[own]?.includes(other) ? `${own} stands apart from ${other}` : undefined;
}

function level(room) {
  return ORDER.findIndex((line) => line.includes(room));
}

/** The first part of the path within `src`: a room's folder, or a file of its own. */
function roomOf(src, path) {
  return relative(src, path).split(sep)[0];
}

function imports(file) {
  const text = readFileSync(file, "utf8");
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith("."))
    .map(({ fileName, pos }) => ({ path: fileName, line: text.slice(0, pos).split("\n").length }));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const violations = roomViolations(process.argv[2] ?? ROOT);
  for (const violation of violations) console.error(violation);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
