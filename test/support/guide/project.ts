/** A project of a user in a folder of its own, with this package and what it is tested with. */

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this repository. */
export const ROOT: string = fileURLToPath(new URL("../../..", import.meta.url));

/** How a program ended. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  /** What it wrote to stdout, and then what to stderr. */
  readonly output: string;
}

/** A folder with `package.json` and `node_modules`. */
export class Project implements AsyncDisposable {
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  static async make(files: Readonly<Record<string, string>>): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), "beamctl-project-")));
    const manifest = { name: "shop-tests", private: true, type: "module" };
    await project.write({ "package.json": JSON.stringify(manifest), ...files });
    return project;
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.root, name)), { recursive: true });
      await writeFile(join(this.root, name), text);
    }
  }

  /** Has packages of this repository as its own, or the repository itself as `beamctl`. */
  async link(...names: readonly string[]): Promise<void> {
    for (const name of names) {
      const to = join(this.root, "node_modules", name);
      await mkdir(dirname(to), { recursive: true });
      await symlink(name === "beamctl" ? ROOT : join(ROOT, "node_modules", name), to);
    }
  }

  /** Runs a program there, with PATH and the like of `env` on top of ours. */
  run(
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string | undefined>> = {},
  ): Promise<Run> {
    const options = { cwd: this.root, env: clean({ ...process.env, ...env }), maxBuffer: 1 << 24 };
    return new Promise((resolve) => {
      execFile(command, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 1;
        resolve({ code, stdout, output: stdout + stderr });
      });
    });
  }

  /** The compiler of this repository, on what its `tsconfig.json` says. */
  typecheck(...args: readonly string[]): Promise<Run> {
    return this.run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }
}

/** Without what vitest and npm tell their children; npm's registry stays. */
function clean(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) =>
      !/^(VITEST|NODE_TEST_CONTEXT|NODE_ENV$|NODE_OPTIONS$|npm_(?!config_)|npm_config_local_prefix)/.test(
        name,
      ),
  );
  return Object.fromEntries(kept);
}
