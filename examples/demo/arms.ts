/** The ways of an upgrade that the demo compares. */

import {
  type BeamNode,
  installRelease,
  makePermanent,
  unpackRelease,
  upgrade,
  whichReleases,
} from "../../src/index.ts";
import { SLOW_MS } from "./http.ts";
import type { Scene } from "./scene.ts";

/**
 * `edeliver` is beamctl's whole ritual; `minimal` its guarded install without anything suspended by us; `bare` is the control: the
 * release handler alone.
 */
export const ARMS = ["edeliver", "minimal", "bare"] as const;

export type Arm = (typeof ARMS)[number];

/** Takes the shop to `version`, up or down, and makes it permanent; `note` gets a line for each thing that happens. */
export async function runUpgrade(
  arm: Arm,
  { node, stateDirectory }: Scene,
  version: string,
  note: (text: string) => void,
): Promise<void> {
  if (arm === "bare") return bare(node, version, note);
  // The slow requests that run when the listener is held get the time to end.
  const operation = upgrade(node, version, {
    plan: arm,
    drainTimeout: 5 * SLOW_MS,
    stateDirectory,
  });
  for await (const event of operation) {
    if (event.type === "stage" && event.state === "done") note(event.stage);
    if (event.type === "log") note(`${event.stage}: ${event.text}`);
  }
  const report = await operation;
  note(
    `suspended ${report.suspended} processes and held ${report.held} acceptors for ${report.pauseMs} ms; ` +
      `install took ${report.installMs} ms`,
  );
}

async function bare(node: BeamNode, version: string, note: (text: string) => void): Promise<void> {
  const known = await whichReleases(node);
  if (!known.some((release) => release.version === version)) {
    await unpackRelease(node, `shop-${version}`);
    note("unpack");
  }
  const started = performance.now();
  await installRelease(node, version);
  note(`install took ${Math.round(performance.now() - started)} ms`);
  await makePermanent(node, version);
  note("permanent");
}
