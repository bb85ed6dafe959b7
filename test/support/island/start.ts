/** Starts the island: a node with the processes, states and trees of Thousand Island and Bandit, compiled from test/fixtures/island. */

import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../src/testing/launch/port.ts";
import { cached, cachePath } from "../beam/cache.ts";
import type { Otp } from "../beam/provision.ts";
import { run } from "../beam/run.ts";
import { type BeamProcess, startErl } from "../launch/erl.ts";

/** How to start it. */
export interface IslandOptions {
  readonly otp: Otp;
  /** How many acceptors its endpoint has. Default 100, as in Thousand Island. */
  readonly acceptors?: number;
  /** After how many idle milliseconds a connection hibernates. Default never. */
  readonly hibernateAfter?: number;
}

/** A running island. `await using` ends it at once. */
export interface IslandNode extends AsyncDisposable {
  readonly node: BeamProcess;
  /** The port of its endpoint: HTTP and websockets. */
  readonly httpPort: number;
  /** The port of the server whose handler is not Bandit's. */
  readonly foreignPort: number;
}

/** Compiles what is not compiled yet, and starts the node. */
export async function startIsland(options: IslandOptions): Promise<IslandNode> {
  const { otp, acceptors = 100, hibernateAfter = "infinity" } = options;
  const [ebin, httpPort, foreignPort] = [await build(otp), await freePort(), await freePort()];
  const node = await startErl({
    otp,
    args: [
      ...["-pa", ebin, "-island", "http_port", String(httpPort)],
      ...["foreign_port", String(foreignPort), "acceptors", String(acceptors)],
      ...["hibernate_after", String(hibernateAfter)],
    ],
    elixir: "{:ok, _} = Application.ensure_all_started(:island)",
  });
  return {
    node,
    httpPort,
    foreignPort,
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  };
}

const SOURCES = fileURLToPath(new URL("../../fixtures/island", import.meta.url));

/** Resolves to the folder of the compiled modules, kept in the user's cache. */
async function build(otp: Otp): Promise<string> {
  const sources = await filesOf("lib");
  const apps = await filesOf("app");
  const hash = createHash("sha256");
  for (const path of [...sources, ...apps]) hash.update(`${path}\0`).update(await readFile(path));
  const made = await stat(join(otp.root, "ready.json")).catch(() => undefined);
  const digest = hash
    .update(`${otp.root}\0${made?.mtimeMs ?? 0}`)
    .digest("hex")
    .slice(0, 12);
  const folder = cachePath(`island-otp${otp.release}-${digest}`, process.arch);
  await cached(folder, async (half) => {
    const [ebin, scratch] = [join(half, "ebin"), join(half, "scratch")];
    await mkdir(scratch);
    await mkdir(ebin);
    await run(otp.bin("elixirc"), ["-o", ebin, ...sources], {
      cwd: SOURCES,
      env: { ...process.env, ...otp.env, HOME: scratch, TMPDIR: scratch },
    });
    for (const path of apps) await cp(path, join(ebin, path.slice(path.lastIndexOf("/") + 1)));
    await rm(scratch, { recursive: true });
    return digest;
  });
  return join(folder, "ebin");
}

async function filesOf(folder: string): Promise<string[]> {
  const names = await readdir(join(SOURCES, folder));
  return names.sort().map((name) => join(SOURCES, folder, name));
}
