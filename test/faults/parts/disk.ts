/** The journal cannot be written: nothing may be suspended, and what is held is given back. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { guardStatus } from "../../../src/guard/index.ts";
import { Target } from "../../guard/target.ts";
import { Controller } from "../child.ts";
import { ensure } from "../observe.ts";
import { oneOf, type Part, Tally } from "../part.ts";
import { witness, witnessed } from "../witness.ts";

// Their pids do not fit into the small disks below.
const PROCESSES = 5_000;

interface Trouble {
  readonly name: string;
  /** Shell text that comes before the controller; `$STATE` is its folder. */
  readonly limit?: string;
  /** What the folder is made to be. */
  readonly prepare?: (state: string, target: Target) => Promise<void>;
  /** What the error must say. */
  readonly says: RegExp;
  /** Whether processes are held when the trouble comes. Default `false`. */
  readonly held?: boolean;
}

/** A disk of this size that only the controller sees, in a mount namespace of its own. */
const small = (size: string, then = "true") =>
  `mount -t tmpfs -o size=${size} tmpfs "$STATE" && ${then}`;

const FULL = /\.journal.* cannot be written: the disk is full/;

/** These need a mount namespace. */
const MOUNTED: readonly Trouble[] = [
  {
    name: "full from the start",
    limit: small("16k", 'head -c 65536 /dev/zero > "$STATE/filler"; true'),
    says: FULL,
  },
  { name: "full at the suspend", limit: small("32k"), says: FULL },
  { name: "full while held", limit: small("2m"), says: FULL, held: true },
  {
    name: "read-only",
    limit: small("1m,ro"),
    says: /\.journal.* cannot be written: the file system is read-only/,
  },
];

const ANYWHERE: readonly Trouble[] = [
  {
    name: "the file may not grow",
    limit: "ulimit -f 32",
    says: /\.journal cannot be written: the largest file size is reached/,
  },
  {
    name: "a device",
    prepare: async (state, { node }) => symlink("/dev/full", join(state, `${node.name}.journal`)),
    says: /\.journal is no regular file/,
  },
  {
    name: "a file where the folder should be",
    prepare: async (state) => writeFile(join(state, "below"), ""),
    says: /below.* cannot be made: a part of the path is no folder/,
  },
];

const FORBIDDEN: Trouble = {
  name: "a folder that may not be written",
  prepare: (state) => chmod(state, 0o500),
  says: /\.journal.* cannot be written: permission denied/,
};

export const disk: Part = {
  name: "disk",
  what: "the disk of the journal is full, read-only or no disk",
  async run(context) {
    const tally = new Tally("disk");
    tally.set("processes", PROCESSES);
    const { all, skipped } = had();
    for (const reason of skipped) tally.skip(reason);
    const otps = context.short ? [oneOf(context, 1)] : context.otps;
    for (const otp of otps) {
      await using target = await Target.start(otp, PROCESSES);
      await witness(target);
      for (const trouble of all) {
        await tally.run(otp, trouble.name, () => suffer(tally, target, trouble));
      }
    }
    return tally.figures();
  },
};

async function suffer(tally: Tally, target: Target, trouble: Trouble): Promise<void> {
  const { name, limit, prepare, says, held = false } = trouble;
  const folder = join(target.state, name.replaceAll(" ", "-"));
  await mkdir(folder);
  await prepare?.(folder, target);
  const state = name.startsWith("a file") ? join(folder, "below", "state") : folder;
  const before = await witnessed(target);
  await using controller = await Controller.start(target, {
    mode: held ? "suspend and fill" : "suspend",
    state,
    ...(limit === undefined ? {} : { limit: mounted(limit) }),
  });
  const told = JSON.parse(await controller.said("failed: "));
  await controller.ended;
  ensure(told.kind === "JournalError", `it failed by ${told.kind}: ${told.message}`);
  ensure(says.test(told.message), `the error says: ${told.message}`);
  ensure(/XDG_STATE_HOME/.test(told.remedy ?? ""), `the remedy says: ${told.remedy}`);
  const left = await target.held();
  ensure((await guardStatus(target.node)) === undefined, "a guardian is left");
  ensure((await target.timers()) === 0, "a timer is left");
  const messages = (await witnessed(target)) - before;
  if (held) ensure(messages > 0, "nothing was held");
  else ensure(messages === 0, `${messages} messages reached the processes`);
  tally.add(held ? "givenBack" : "untouched", 1);
  tally.freed({ took: 0, left });
}

/** A mount is seen by this controller alone, and ends with it. */
function mounted(limit: string): string {
  return limit.startsWith("mount") ? `unshare -rm bash -c '${limit} && exec "$0" "$@"'` : limit;
}

function had(): { all: readonly Trouble[]; skipped: readonly string[] } {
  const skipped: string[] = ["EIO: no disk here can be made to fail"];
  const all: Trouble[] = ANYWHERE.filter(
    ({ name }) => name !== "a device" || existsSync("/dev/full"),
  );
  const { status } = spawnSync("unshare", ["-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
  if (status === 0) all.push(...MOUNTED);
  else skipped.push("ENOSPC and EROFS: no mount namespace may be made here");
  if (process.getuid?.() === 0) skipped.push("EACCES: root may write everywhere");
  else all.push(FORBIDDEN);
  return { all, skipped };
}
