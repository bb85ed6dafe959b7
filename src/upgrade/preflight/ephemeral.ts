/** Whether what the upgrade writes outlasts a restart of the container. */

import type { Check, Ground } from "./given.ts";
import { mountOf } from "./mounts.ts";

/** File systems of a container's own layer. */
const LAYERS = ["overlay", "aufs", "fuse.fuse-overlayfs"];
/** File systems that live in memory. */
const MEMORY = ["tmpfs", "ramfs"];

/** A container's own layer goes with the container: the image's version comes back, and with it the old code. */
export const ephemeral: Check<Ground> = {
  name: "the file system of the release",
  find: async ({ root, running, version, surroundings }) => {
    const { mounts, container, booted } = await surroundings();
    const mount = mountOf(mounts, root);
    if (mount === undefined) return [];
    const layer = LAYERS.includes(mount.type) && container !== undefined;
    if (!layer && !MEMORY.includes(mount.type)) return [];
    const ends = layer ? "the container is replaced" : "the machine or container restarts";
    const drift =
      booted === undefined || booted === running.version
        ? ""
        : `; it was booted with ${booted}, and runs ${running.version} already`;
    return [
      {
        code: "ephemeral-root",
        severity: "warning",
        what: `${root} lies ${layer ? "in the container's own layer" : "in memory"} (${mount.type} on ${mount.point})${drift}`,
        cause: `the upgrade lasts until ${ends}: then the version of the image is back`,
        remedy: `Deploy an image with ${version} as well, so that the next start has it; or mount the release from a volume.`,
        about: [root],
      },
    ];
  },
};
