/** An example that is missing, does not compile or promises what is not so is named with its file and line. */

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/examples.mjs", import.meta.url));
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "beamctl-examples-"));
  mkdirSync(join(root, "src/term"), { recursive: true });
  writeFileSync(join(root, "package.json"), '{ "type": "module" }');
  writeFileSync(join(root, "typedoc.json"), '{ "entryPoints": ["src/term/index.ts"] }');
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

it("checks that there are examples, their types, and what they promise", () => {
  const source = `
/** Has none. */
export const lonely = (): void => {};

/**
 * Has two, and one only for its method.
 * @example
 * import { charlist } from "beamctl/term";
 *
 * charlist("b"); // => [ 98 ]
 * const two = charlist("ab"); // => [ 97 ]
 * @example
 * \`\`\`ts
 * import { charlist } from "beamctl/term";
 *
 * charlist(1);
 * charlist("a"); // => of a module with an error nothing is run
 * \`\`\`
 * And no code.
 */
export function charlist(text: string): number[] {
  return [text.length];
}

/** Thrown. */
export class Wrong extends Error {}

/** Not to be made by users. */
class Hidden {}
export type { Hidden };
`;
  writeFileSync(join(root, "src/term/index.ts"), source);
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, root], {
    encoding: "utf8",
  });
  expect(stderr.trim().split("\n")).toEqual([
    "src/term/index.ts:3 lonely has no example",
    "src/term/index.ts:16 in the example: Argument of type 'number' is not assignable to parameter of type 'string'.",
    "src/term/index.ts:11 the example gives [ 97, 98 ], not [ 97 ]",
  ]);
  expect([status, stdout]).toEqual([1, "2 examples, of which 1 were run\n"]);
});
