/** Brings the BEAM nodes that a script needs to this machine, or moves the script to where they can be had. */

import { spawnSync } from "node:child_process";
import { fail, note, ROOT } from "./bootstrap.mjs";

/**
 * Provisions the sets; where one that is needed cannot be had, runs `npm run <script>` in a container instead and ends.
 * Tests of a set that is only wished for are skipped where it cannot be had.
 */
export async function provideBeam({ needed, wished = [] }, script, args) {
  const { tsImport } = await import("tsx/esm/api");
  const { provisionAll, NoBeamError } = await tsImport(
    "../test/support/beam/provision.ts",
    import.meta.url,
  );
  try {
    const wishes = provisionAll(wished).catch((error) => {
      if (!(error instanceof NoBeamError)) throw error;
      note(`${error.message}; its tests are skipped`);
    });
    await Promise.all([provisionAll(needed), wishes]);
  } catch (error) {
    if (!(error instanceof NoBeamError)) fail(error.message);
    if (!hasDocker()) fail(error.message);
    note("no apt and no Erlang here: running in a Debian container instead");
    process.exit(inContainer(script, args));
  }
}

function hasDocker() {
  return spawnSync("docker", ["info"], { stdio: "ignore" }).status === 0;
}

/** The repository is mounted read-only and copied, without what is built for this machine. */
function inContainer(script, args) {
  const copy =
    "mkdir /work && tar -C /repo --exclude=./node_modules --exclude=./lib -cf - . | tar -C /work -xf -";
  const command = `${copy} && cd /work && exec npm run --silent "$@"`;
  const image = `node:${process.versions.node.split(".")[0]}-bookworm`;
  const run = ["run", "--rm", "--init", "-v", `${ROOT}:/repo:ro`, image];
  const inside = ["bash", "-c", command, "bash", script, "--", ...args];
  return spawnSync("docker", [...run, ...inside], { stdio: "inherit" }).status ?? 1;
}
