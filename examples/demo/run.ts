/** One arm of the demo: 0.1.0 to 0.2.0 and back under load, with everything counted and read back. */

import { setTimeout as pause } from "node:timers/promises";
import { type Arm, runUpgrade } from "./arms.ts";
import { killAndRecover } from "./kill.ts";
import { type NodeState, readNodeState } from "./node-state.ts";
import type { Report } from "./report.ts";
import { openScene, type Scene } from "./scene.ts";

const STEADY_MS = 2000;

/** Runs the arm on a fresh shop; with `kill`, a first attempt is killed, undone by the node and recovered. */
export async function runArm(
  arm: Arm,
  { sockets, kill }: { readonly sockets: number; readonly kill: boolean },
  note: (text: string) => void,
): Promise<Report> {
  await using scene = await openScene(sockets, note);
  const { clients } = scene;
  await pause(STEADY_MS);
  const steady = clients.takeLongestGap();
  const before = await stateOf(scene, "before", note);
  const opened = clients.figures().open;
  const killed = kill ? await killAndRecover(scene, note) : undefined;
  const afterKill = clients.takeLongestGap();

  note("upgrade to 0.2.0");
  await runUpgrade(arm, scene, "0.2.0", (text) => note(`  ${text}`));
  await pause(STEADY_MS);
  const up = clients.takeLongestGap();
  const upgraded = await stateOf(scene, "upgraded", note);
  const servedByNew = clients.figures().versions;

  note("downgrade to 0.1.0");
  await runUpgrade(arm, scene, "0.1.0", (text) => note(`  ${text}`));
  await pause(STEADY_MS);
  const down = clients.takeLongestGap();

  await Promise.all([clients.stop(), scene.requests.stop()]);
  const after = await stateOf(scene, "after", note);
  const { open, same, sent, answered, outOfOrder, versions } = clients.figures();
  const http = scene.requests.figures();
  const kept = (later: NodeState): boolean =>
    JSON.stringify(later.channels) === JSON.stringify(before.channels);

  const expectations: [boolean, string][] = [
    [opened === sockets && same === sockets, "every socket is the connection that it was"],
    [kept(upgraded) && kept(after), "every channel is the process that it was"],
    [answered === sent, "every message was answered"],
    [outOfOrder === 0, "every reply came in order"],
    [after.pushes === answered, "the counter counted every message once"],
    [http.failed === 0, "every HTTP request was answered"],
    [isAt(before, "0.1.0", "count"), "0.1.0 ran before"],
    [isAt(upgraded, "0.2.0", "tally"), "0.2.0 ran after the upgrade, its state migrated"],
    [String(servedByNew) === "0.2.0", "every client was served by 0.2.0"],
    [isAt(after, "0.1.0", "count"), "0.1.0 ran after the downgrade, its state migrated back"],
    [String(versions) === "0.1.0", "every client was served by 0.1.0 again"],
    [after.suspended === 0, "nothing was left suspended"],
    ...(killed?.expectations ?? []),
  ];
  return {
    arm,
    sockets: { before: opened, after: open, same },
    messages: { sent, answered, lost: sent - answered, outOfOrder },
    http,
    pauseMs: Math.max(up, down, killed === undefined ? 0 : afterKill),
    pauses: { steady, upgrade: up, downgrade: down },
    ...(killed === undefined ? {} : { killed: { ...killed.figures, pauseMs: afterKill } }),
    versions: { before: before.version, upgraded: upgraded.version, after: after.version },
    state: { before: describe(before), upgraded: describe(upgraded), after: describe(after) },
    leftSuspended: after.suspended,
    broken: expectations.filter(([holds]) => !holds).map(([, what]) => what),
  };
}

async function stateOf(
  { node, shop }: Scene,
  when: string,
  note: (text: string) => void,
): Promise<NodeState> {
  const state = await readNodeState(node);
  const served = await (await fetch(`http://127.0.0.1:${shop.httpPort}/version`)).text();
  note(`${when}: ${served} answers over HTTP, counter and channels: ${describe(state)}`);
  return { ...state, version: served === state.version ? served : `${state.version}/${served}` };
}

function isAt(state: NodeState, version: string, assigns: string): boolean {
  return state.version === version && String(state.assigns) === assigns;
}

function describe({ counter, assigns }: NodeState): string {
  return `${counter}, ${assigns.join(" and ")}`;
}
