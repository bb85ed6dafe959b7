/** Makes a fresh clone ready to run: the right Node, the locked dependencies, a fresh build. Plain JavaScript, since nothing is installed yet. */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Checks Node, installs what the lockfile says, builds what is stale; all output goes to stderr. */
export function bootstrap() {
  install();
  if (!build()) fail("the build failed");
}

/** Checks Node, and installs the locked dependencies unless they are there. */
export function install() {
  checkNode();
  if (isInstalled()) return;
  note("installing the locked dependencies");
  if (!npm("ci", "--no-audit", "--no-fund")) fail("npm ci failed");
}

/** Compiles `src` to `lib`, unless `lib` was made from the very same sources; whether that went well. */
export function build() {
  const stamp = join(ROOT, "node_modules/.cache/beamctl/built");
  const sources = hash([
    ...files(join(ROOT, "src")),
    join(ROOT, "tsconfig.json"),
    join(ROOT, "tsconfig.build.json"),
  ]);
  const fresh =
    existsSync(stamp) &&
    readFileSync(stamp, "utf8") === sources &&
    existsSync(join(ROOT, "lib/index.js"));
  if (fresh) return true;
  note("building");
  if (!npm("run", "--silent", "build")) return false;
  for (const file of files(join(ROOT, "lib"))) {
    const source = relative(join(ROOT, "lib"), file).replace(/(\.d\.ts|\.js|\.js\.map)$/, ".ts");
    if (!existsSync(join(ROOT, "src", source))) rmSync(file); // its source is gone
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, sources);
  return true;
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  fail(
    `beamctl needs Node.js 20.19 or newer, and this is ${process.versions.node}: install it from nodejs.org`,
  );
}

/** Whether node_modules holds what the lockfile says, as npm itself has written it down there. */
function isInstalled() {
  const hidden = join(ROOT, "node_modules/.package-lock.json");
  if (!existsSync(hidden)) return false;
  const installed = JSON.parse(readFileSync(hidden, "utf8")).packages;
  const { "": _, ...locked } = JSON.parse(
    readFileSync(join(ROOT, "package-lock.json"), "utf8"),
  ).packages;
  for (const [path, entry] of Object.entries(locked)) {
    const present = installed[path];
    if (present === undefined ? !entry.optional : present.version !== entry.version) return false;
  }
  return Object.keys(installed).every((path) => path in locked);
}

function npm(...args) {
  const path = process.env["npm_execpath"];
  const [command, before] = path?.endsWith(".js") ? [process.execPath, [path]] : ["npm", []];
  const { status } = spawnSync(command, [...before, ...args], {
    cwd: ROOT,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32" && command === "npm",
  });
  return status === 0;
}

/** All files below `folder`. */
export function files(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function hash(paths) {
  const digest = createHash("sha256");
  for (const path of paths)
    digest
      .update(`${relative(ROOT, path)}\0`)
      .update(readFileSync(path))
      .update("\0");
  return digest.digest("hex");
}

/** One line on stderr. */
export function note(text) {
  process.stderr.write(`beamctl: ${text}\n`);
}

/** One line on stderr, and the end. */
export function fail(text) {
  note(text);
  process.exit(1);
}
