/** Room on the node's file system. */

import { diskData, fileFacts } from "../../otp/index.ts";
import { Atom, type Term, Tuple, textOf } from "../../term/index.ts";
import type { Finding } from "./finding.ts";
import type { Check, Ground } from "./given.ts";

/** What the release handler and a node's log need at least. */
const LEAST = 64 * 1024 * 1024;
/** What a package comes to when it is unpacked, beams and all: seen from 2 to 4. */
const UNPACKED = 4;

/** Only os_mon's disksup measures it, every half hour; nothing that a node can be asked read-only does otherwise. */
export const disk: Check<Ground> = {
  name: "the disk space",
  find: async (ground) => {
    const { remote, root, folder, call, running, version, releases } = ground;
    const packed = `${folder}/${running.name}-${version}.tar.gz`;
    const unpacked = releases.some((release) => release.version === version);
    const [tarball] = unpacked ? [] : await fileFacts(remote, [packed], call);
    const needed = LEAST + (tarball?.size ?? 0) * UNPACKED;
    const free = freeAt(await diskData(remote, call), root);
    if (free === undefined)
      return tarball?.type === "regular" ? [unknown(packed, tarball.size)] : [];
    if (free.bytes >= needed) return [];
    return [
      {
        code: "disk-full",
        severity: "danger",
        what: `${sizeOf(free.bytes)} are free on ${free.mount}, and ${sizeOf(needed)} are wanted`,
        cause: "what the release handler cannot write fails the upgrade half way",
        remedy:
          "Make room, as by `release_handler:remove_release` of old versions and by deleting packages.",
        about: [free.mount],
      },
    ];
  },
};

function unknown(file: string, size: number): Finding {
  return {
    code: "disk-space-unknown",
    severity: "notice",
    what: `nobody on the node knows the free disk space, and ${file} (${sizeOf(size)}) is still to be unpacked`,
    cause: "an unpacking that runs out of space leaves half a release",
    remedy: "Look with `df` on the host, or have os_mon in the release.",
    about: [file],
  };
}

/** The file system that a path lies on, by the longest mount point; disksup gives kibibytes and used percents. */
function freeAt(disks: Term, path: string): { mount: string; bytes: number } | undefined {
  if (!Array.isArray(disks)) return undefined;
  const found = (disks as readonly Term[]).flatMap((row) => {
    const [id, size, used] = row instanceof Tuple ? row.items : [];
    const mount = id === undefined || id instanceof Atom ? undefined : textOf(id);
    if (mount === undefined || typeof size !== "number" || typeof used !== "number") return [];
    const above = mount === "/" || path === mount || path.startsWith(`${mount}/`);
    return above && size > 0 ? [{ mount, bytes: size * 1024 * (1 - used / 100) }] : [];
  });
  return found.toSorted((left, right) => right.mount.length - left.mount.length)[0];
}

function sizeOf(bytes: number): string {
  return bytes < 1024 * 1024
    ? `${Math.ceil(bytes / 1024)} KiB`
    : `${Math.round(bytes / 1024 / 1024)} MiB`;
}
