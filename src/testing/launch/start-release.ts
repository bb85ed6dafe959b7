/** Starts a release of the user's own for tests. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../../errors.ts";
import { prepare } from "./place.ts";
import { launch, type StartedBeam, type StartOptions } from "./start-beam.ts";

/** As {@link StartOptions}, and the release: its root, or the command that starts it. */
export type StartReleaseOptions = StartOptions &
  (
    | {
        /** The root of a `mix release`, as `_build/prod/rel/shop`; `bin/shop start` is run. */
        readonly releasePath: string;
        readonly command?: undefined;
      }
    | {
        /** The program and its arguments, as `["./bin/server"]`. It must stay in the foreground. */
        readonly command: readonly [string, ...string[]];
        readonly releasePath?: undefined;
      }
  );

/**
 * Starts a release of `mix release`, as {@link startBeam} starts a node: with a name, a port and a cookie of its own. Name and cookie of the release are overridden by
 * `RELEASE_NODE`, `RELEASE_DISTRIBUTION` and `RELEASE_COOKIE`; an `env.sh` that sets them again wins, and then the node is not found. Where its configuration wants more
 * (`PHX_SERVER`, `SECRET_KEY_BASE`, `DATABASE_URL`), give it as `env`. `RELEASE_TMP` is a private folder.
 * @throws StartError with what it wrote, when it ends or is not ready in time
 * @throws UsageError when there is no start script under `releasePath`
 * @example
 * import { openFixture, startRelease } from "beamctl/testing";
 *
 * await using started = await startRelease({ releasePath: "_build/prod/rel/shop", readyWhen: "shop" });
 * await using fixture = await openFixture(() => started);
 */
export async function startRelease(options: StartReleaseOptions): Promise<StartedBeam> {
  const [command, ...args] = options.command ?? [await scriptOf(options.releasePath), "start"];
  const place = await prepare(options, "release");
  const long = place.name.split("@")[1]?.includes(".") === true;
  const env = {
    ...place.env,
    RELEASE_NODE: place.name,
    RELEASE_DISTRIBUTION: long ? "name" : "sname",
    RELEASE_COOKIE: "unused", // the script puts it into the arguments; the true one is in HOME
    RELEASE_TMP: join(place.home, "tmp"),
  };
  return launch(options, place, { command, args, env });
}

/** Of the scripts in `bin` the one that `mix release` made: others may lie beside it. */
async function scriptOf(root: string): Promise<string> {
  const folder = join(root, "bin");
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    const text = await readFile(path, "latin1").catch(() => "");
    if (text.startsWith("#!/bin/sh") && text.includes("RELEASE_NAME=")) return path;
  }
  throw new UsageError(`there is no start script of mix release in ${folder}`, {
    remedy: "Build it with mix release, or give the command.",
  });
}
