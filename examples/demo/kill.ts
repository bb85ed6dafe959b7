/** `--kill`: beamctl dies by SIGKILL while everything is suspended, the node helps itself, and `recover` tells the story. */

import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { leftSuspended, listeners } from "../../src/index.ts";
import { request } from "./http.ts";
import type { Scene } from "./scene.ts";

/** What became of the killed upgrade. */
export interface KilledFigures {
  /** Processes that were suspended in the moment before the kill. */
  readonly suspended: number;
  /** Milliseconds from the kill until nothing was suspended and the listener accepted again. */
  readonly resumedAfterMs: number;
  /** The exit code of `beamctl recover`. */
  readonly recoverExit: number | null;
}

const LONG_MS = 6000;

// Past the lease and the cap of the guardian, so that only a node that stays suspended is told off.
const PATIENCE_MS = 60_000;

/** Kills an upgrade to 0.2.0 half way, watches the node, and recovers. */
export async function killAndRecover(
  scene: Scene,
  note: (text: string) => void,
): Promise<{ figures: KilledFigures; expectations: [boolean, string][] }> {
  const { cli, clients, shop, node } = scene;
  // The drain waits for this one, and so beamctl is still there to be killed.
  const long = request(shop.httpPort, LONG_MS).then(
    () => true,
    () => false,
  );
  note("beamctl release upgrade 0.2.0");
  const upgrade = cli.spawn(["--yes", "release", "upgrade", "0.2.0", "--drain", "20s"]);
  const ended = once(upgrade, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const sockets = clients.figures().open;
  let output = "";
  upgrade.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  upgrade.stdout?.resume();
  while (!output.includes("suspend done")) {
    if (upgrade.exitCode !== null) throw new Error(`beamctl ended before the kill:\n${output}`);
    await pause(1);
  }
  const suspended = (await leftSuspended(node)).length;
  note(`${suspended} processes are suspended, ${await accepting(scene)}`);
  upgrade.kill("SIGKILL");
  const killedAt = performance.now();
  const [, signal] = await ended;
  note("SIGKILL: beamctl is dead");

  while (!(await runs(scene)) && performance.now() - killedAt < PATIENCE_MS) await pause(20);
  const resumedAfterMs = Math.round(performance.now() - killedAt);
  note(`the node has resumed by itself after ${resumedAfterMs} ms, ${await accepting(scene)}`);
  const answered = await long;

  const { code, stdout } = await cli.run(["recover"]);
  for (const line of stdout.trimEnd().split("\n")) note(`  recover: ${line}`);
  return {
    figures: { suspended, resumedAfterMs, recoverExit: code },
    expectations: [
      [signal === "SIGKILL", "beamctl died of the kill"],
      [suspended === sockets, "beamctl was killed while every channel was suspended"],
      [await runs(scene), "the node resumed everything by itself"],
      [answered, "the request that ran meanwhile was answered"],
      [code === 0, "recover found nothing left"],
      [clients.figures().versions.join() === "0.1.0", "after the kill 0.1.0 ran on"],
    ],
  };
}

async function runs({ node }: Scene): Promise<boolean> {
  if ((await leftSuspended(node)).length > 0) return false;
  return (await listeners(node)).every(({ status }) => status === "running");
}

async function accepting({ node }: Scene): Promise<string> {
  const found = await listeners(node);
  return found.map(({ name, status }) => `${name} is ${status}`).join(", ");
}
