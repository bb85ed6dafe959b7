/** The order of the rooms is enforced: a violation is named with its file and line. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/rooms.mjs", import.meta.url));
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "beamctl-rooms-"));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

function check(sources: Record<string, string>): { status: number | null; stderr: string } {
  for (const [path, text] of Object.entries(sources)) {
    const file = join(root, "src", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return spawnSync(process.execPath, [SCRIPT, root], { encoding: "utf8" });
}

it("lets a room import from itself, from above and from the errors", () => {
  const { status, stderr } = check({
    "errors.ts": "export class E {}\n",
    "term/index.ts": 'import { E } from "../errors.ts";\nexport { E };\n',
    "etf/decode.ts":
      'import type { E } from "../term/index.ts";\nexport * from "./tags.ts";\nexport type { E };\n',
    "etf/tags.ts": "export const A = 1;\n",
    "index.ts": 'export * from "./etf/decode.ts";\n',
  });
  expect([status, stderr]).toEqual([0, ""]);
});

it.each([
  [
    "from below",
    "term/a.ts",
    '\nimport "../node/b.ts";\n',
    "src/term/a.ts:2 imports ../node/b.ts: node is below term",
  ],
  [
    "a type from below",
    "etf/a.ts",
    'import type { B } from "../otp/b.ts";\n',
    "src/etf/a.ts:1 imports ../otp/b.ts: otp is below etf",
  ],
  [
    "by import()",
    "etf/a.ts",
    'const b = import("../cli/b.ts");\n',
    "src/etf/a.ts:1 imports ../cli/b.ts: cli is below etf",
  ],
  [
    "from beside",
    "epmd/a.ts",
    'export * from "../dist/b.ts";\n',
    "src/epmd/a.ts:1 imports ../dist/b.ts: dist is beside epmd",
  ],
  [
    "from one it stands apart from",
    "guard/a.ts",
    'import "../topology/b.ts";\n',
    "src/guard/a.ts:1 imports ../topology/b.ts: guard stands apart from topology",
  ],
  [
    "from outside",
    "term/a.ts",
    'import "../../test/b.ts";\n',
    "src/term/a.ts:1 imports ../../test/b.ts: it is outside src",
  ],
  ["from nowhere", "attic/a.ts", "export {};\n", "src/attic/a.ts:1 attic is not a room"],
])("refuses an import %s", (_, path, text, message) => {
  const { status, stderr } = check({ [path]: text });
  expect([status, stderr.trim()]).toEqual([1, message]);
});
