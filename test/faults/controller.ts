/**
 * The controller that the campaign kills: `controller.ts NODE PORT STATE MODE`. It writes `running`, then does its work:
 * `suspend`, `freeze` or `both` (acceptors too) in rounds; `... and hold` once, until it ends; `... and fill` fills its disk then; `bare` rounds without a guardian;
 * `race ODD|EVEN` once for each `go` that it reads; `crowd` once, with the times it took.
 */

import { open } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { GuardHeldError, Guardian } from "../../src/guard/index.ts";
import { connect } from "../../src/node/index.ts";
import { atom, type Pid, tuple } from "../../src/term/index.ts";
import { servers } from "../guard/target.ts";

const [name = "", port, stateDirectory = "", mode = ""] = process.argv.slice(2);
const cookie = process.env["CONTROLLER_COOKIE"] ?? "";
const lease = Number(process.env["CONTROLLER_LEASE"] ?? 5_000);
const cap = Number(process.env["CONTROLLER_CAP"] ?? 25_000);
const node = await connect(name, { cookie, address: { host: "127.0.0.1", port: Number(port) } });
const pids = await servers(node);
const half = Math.ceil(pids.length / 2);

const arm = () =>
  Guardian.arm(node, { stateDirectory, lease, cap, purpose: "a fault of the campaign" });

if (mode === "bare") {
  console.log("running");
  for (;;) {
    await node.systemMessages(pids, atom("suspend"));
    await node.systemMessages(pids, atom("resume"));
  }
} else if (mode.startsWith("race")) {
  const ours = mode.endsWith("ODD") ? pids.slice(half) : pids.slice(0, half);
  console.log("running");
  let guardian: Guardian | undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const [word, round] = line.split(" ");
    if (word === "go") guardian = await race(ours, round);
    else {
      await guardian?.disarm();
      console.log(`done ${round} `);
    }
  }
} else if (mode === "crowd") {
  await crowd();
} else {
  await rounds();
}

async function rounds(): Promise<void> {
  const guardian = await arm().catch((error: Error) => {
    tell(error);
    process.exit(4);
  });
  guardian.lost.addEventListener("abort", () => void lost(guardian));
  const supervisor = await node.call("erlang", "whereis", [atom("guard_sup")]);
  const acceptors = Array.from({ length: 10 }, (_, at) => ({
    supervisor: supervisor as Pid,
    id: tuple(atom("acceptor"), at + 1),
  }));
  console.log("running");
  for (;;) {
    try {
      if (mode.startsWith("both")) await guardian.hold(acceptors);
      if (!mode.startsWith("freeze")) {
        await guardian.suspend(mode.startsWith("both") ? pids.slice(0, half) : pids);
      }
      if (!mode.startsWith("suspend")) {
        await guardian.freeze(mode.startsWith("both") ? pids.slice(half) : pids);
      }
      if (mode.endsWith("hold")) {
        console.log("holding");
        await pause(600_000);
      }
      if (mode.endsWith("fill")) await fill();
      await guardian.resume();
      if (mode.startsWith("both")) await guardian.release();
      console.log("round");
    } catch (error) {
      await guardian.undo();
      tell(error as Error);
      process.exit(4);
    }
  }
}

function tell(error: Error & { remedy?: string }): void {
  const { name: kind, message, remedy } = error;
  console.log(`failed: ${JSON.stringify({ kind, message, remedy })}`);
}

/** Fills the disk of the journal. */
async function fill(): Promise<void> {
  const file = await open(join(stateDirectory, "filler"), "a");
  for (let size = 65_536; size >= 1; ) {
    await file.write(Buffer.alloc(size)).catch(() => {
      size = Math.floor(size / 2);
    });
  }
}

/** What a controller that wakes too late does next: it goes on with its work, and must not be let. */
async function lost(guardian: Guardian): Promise<void> {
  const error = await guardian.suspend(pids).then(
    () => "it was suspended again",
    (reason: Error) => reason.name,
  );
  console.log(`lost: ${guardian.lost.reason.why}, then: ${error}`);
  process.exit(3);
}

async function race(
  ours: readonly Pid[],
  round: string | undefined,
): Promise<Guardian | undefined> {
  try {
    const guardian = await arm();
    const { suspended } = await guardian.suspend(ours);
    console.log(`won ${round} ${suspended.length}`);
    return guardian;
  } catch (error) {
    const { name: kind, message } = error as Error;
    const holder = error instanceof GuardHeldError ? error.status?.operation : undefined;
    console.log(`lost ${round} ${kind} ${holder ?? message}`);
    return undefined;
  }
}

async function crowd(): Promise<void> {
  const idle = process.resourceUsage().maxRSS;
  const guardian = await arm();
  console.log("running");
  const began = performance.now();
  const { suspended } = await guardian.suspend(pids, { timeout: 20_000 });
  const held = performance.now();
  console.log(`holding ${suspended.length}`);
  await new Promise((resolve) => process.stdin.once("data", resolve));
  const woken = performance.now();
  const { resumed } = await guardian.resume(undefined, { timeout: 20_000 });
  const ended = performance.now();
  await guardian.disarm();
  const times = { suspendMs: held - began, resumeMs: ended - woken, resumed: resumed.length };
  const rss = process.resourceUsage().maxRSS;
  console.log(`figures ${JSON.stringify({ ...times, idleKiB: idle, rssKiB: rss })}`);
  await node.close();
  process.exit(0);
}
