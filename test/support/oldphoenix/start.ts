/** Starts a system in the shape of Phoenix 1.2 to 1.4 on Cowboy 1 and Ranch 1: our own code in test/fixtures/oldphoenix. */

import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../src/testing/launch/port.ts";
import { cached, cachePath } from "../beam/cache.ts";
import { digest } from "../beam/digest.ts";
import type { Otp } from "../beam/provision.ts";
import { run } from "../beam/run.ts";
import { type BeamProcess, startErl } from "../launch/erl.ts";

/** How to start it; everything but `otp` has a default. */
export interface OldPhoenixOptions {
  readonly otp: Otp;
  /** Whose shape it has. Default `1.3`. */
  readonly phoenix?: "1.2" | "1.3" | "1.4";
  /** Default 5. */
  readonly acceptors?: number;
  /** How many processes of PubSub watch the channels. Default 4. */
  readonly shards?: number;
}

/** A running one. `await using` ends it at once. */
export interface OldPhoenix extends AsyncDisposable {
  readonly beam: BeamProcess;
  /** The port of its websockets and HTTP. */
  readonly httpPort: number;
}

const SOURCES = fileURLToPath(new URL("../../fixtures/oldphoenix/lib", import.meta.url));

/** Compiles it at the first call on a machine, starts it and waits until it listens: about a second. */
export async function startOldPhoenix(options: OldPhoenixOptions): Promise<OldPhoenix> {
  const { otp, phoenix = "1.3", acceptors = 5, shards = 4 } = options;
  const httpPort = await freePort();
  const ebin = await compile(otp);
  const settings = `phoenix: "${phoenix}", port: ${httpPort}, acceptors: ${acceptors}, shards: ${shards}`;
  const beam = await startErl({
    otp,
    args: ["-pa", ebin],
    elixir: `:ok = Oldphoenix.start(${settings})`,
  });
  return { beam, httpPort, [Symbol.asyncDispose]: () => beam[Symbol.asyncDispose]() };
}

/** Resolves to a folder of code. */
async function compile(otp: Otp): Promise<string> {
  const name = `oldphoenix-otp${otp.release}-${await digest(SOURCES, otp)}`;
  const folder = cachePath(name, process.arch);
  await cached(folder, async (half) => {
    const ebin = join(half, "ebin");
    await mkdir(ebin);
    const sources = (await readdir(SOURCES)).map((file) => join(SOURCES, file));
    const env = { ...process.env, ...otp.env, HOME: half, TMPDIR: half };
    await run(otp.bin("elixirc"), ["-o", ebin, ...sources], { cwd: half, env });
    return name;
  });
  return join(folder, "ebin");
}
