/** The guide docs/testing.md as a project of its own, whose `beamctl` is this repository's build. */

import { join } from "node:path";
import { filesOf, readBlocks } from "./blocks.ts";
import { Project, ROOT, type Run } from "./project.ts";

/** What the guide uses and this repository does not have. */
const SHIMS = `declare module "testcontainers";\n`;

/** A reader's folder. */
export interface Guide {
  readonly project: Project;
  /** The files of TypeScript and JavaScript that the guide has. */
  readonly files: readonly string[];
}

/** Writes all of the guide's files to a folder, as it tells its readers to. */
export async function makeGuide(): Promise<Guide> {
  const blocks = await readBlocks(join(ROOT, "docs/testing.md"));
  const files = filesOf(blocks);
  const shop = blocks.find(({ language }) => language === "elixir");
  const config = blocks.find(({ code }) => code.includes('"compilerOptions"'));
  const project = await Project.make({
    ...Object.fromEntries(files),
    "shop.exs": shop?.code ?? "",
    "tsconfig.json": config?.code ?? "",
    "shims.d.ts": SHIMS,
  });
  await project.link("beamctl", "vitest", "fast-check", "@types/node");
  return { project, files: [...files.keys()] };
}

/** Runs some of its tests with vitest. */
export function runVitest(
  { project }: Pick<Guide, "project">,
  names: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<Run> {
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--reporter=verbose", ...names];
  return project.run(process.execPath, args, { ...env, NO_COLOR: "1" });
}
