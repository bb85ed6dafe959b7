import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { guardStatus, Journal, type RecoverReport, recover } from "../../src/guard/index.ts";
import { atom } from "../../src/term/index.ts";
import { OTPS, Target } from "../guard/target.ts";

const COUNT = 10_000;
const LEASE = 5_000;
/** Kills per OTP release; the moments come from the seed. */
const RUNS = Number(process.env["FAULT_RUNS"] ?? 5);
const SEED = Number(process.env["FAULT_SEED"] ?? 20261121);

describe.each(OTPS)("a controller that vanishes, on %s", (otp) => {
  let target: Target;
  const random = randomFrom(SEED + OTPS.indexOf(otp));
  beforeAll(async () => {
    target = await Target.start(otp, COUNT);
  });
  afterAll(() => target[Symbol.asyncDispose]());

  test.each(["suspend", "freeze"] as const)(
    `by SIGKILL at ${RUNS} random moments of %s leaves nothing held`,
    async (how) => {
      const took: number[] = [];
      let undone = 0;
      for (let run = 0; run < RUNS; run++) {
        await using controller = await Controller.start(target, how);
        // Every second kill comes when it is in its rounds for sure, however slow this machine is.
        if (run % 2 === 1) await controller.said("round");
        await pause(50 + random() * 1_500);
        await controller.kill("SIGKILL");
        took.push(Math.round(await target.untilFree(LEASE + 30_000)));
        const report = await recovered(target);
        expect(report).toMatchObject({
          nothingLeft: true,
          operations: [{ purpose: "to be killed" }],
        });
        undone += report.operations[0]?.undoneByGuard?.resumed ?? 0;
        expect(await guardStatus(target.node)).toBeUndefined();
        expect([await target.suspended(), await target.frozen()]).toEqual([0, 0]);
        await noTimers(target);
      }
      console.log(`${otp}, ${how}: free after ${took.join(", ")} ms`);
      // At least one kill must have come while something was suspended, else this test shows nothing.
      expect(undone).toBeGreaterThan(0);
    },
    300_000,
  );

  test.each(["suspend", "freeze"] as const)(
    "by SIGSTOP in %s loses its lease, and finds out when it wakes",
    async (how) => {
      await using controller = await Controller.start(target, `${how} and hold`);
      await controller.said("holding");
      expect([await target.suspended(), await target.frozen()]).toEqual(
        how === "suspend" ? [COUNT, 0] : [0, COUNT],
      );
      await controller.kill("SIGSTOP");
      const took = await target.untilFree(LEASE + 30_000);
      console.log(`${otp}: free ${Math.round(took)} ms after SIGSTOP`);
      expect(await guardStatus(target.node)).toMatchObject({ phase: "done", why: "lease" });
      await controller.kill("SIGCONT");
      await controller.said("lost: lease");
      await controller.ended;
      expect(await recovered(target)).toMatchObject({
        nothingLeft: true,
        operations: [{ undoneByGuard: { why: "lease", resumed: COUNT } }],
      });
    },
  );
});

describe("the control: a controller without a guardian", () => {
  test("leaves processes suspended when it is killed", async () => {
    await using target = await Target.start("otp25", COUNT);
    const random = randomFrom(SEED);
    const left: number[] = [];
    for (let run = 0; run < 4; run++) {
      await using controller = await Controller.start(target, "bare");
      await pause(100 + random() * 500);
      await controller.kill("SIGKILL");
      await pause(300);
      left.push(await target.suspended());
      await target.node.systemMessages(await target.servers(), atom("resume"));
    }
    console.log(`without a guardian: ${left.join(", ")} left suspended`);
    expect(Math.max(...left)).toBeGreaterThan(0);
  });
});

/** A timer that is left would resume in the middle of a later hold. */
async function noTimers(target: Target): Promise<void> {
  const until = performance.now() + LEASE;
  while ((await target.timers()) > 0) {
    // They are cancelled by a process of their own, a moment after the answer.
    expect(performance.now()).toBeLessThan(until);
    await pause(10);
  }
}

async function recovered(target: Target): Promise<RecoverReport> {
  await using journal = await Journal.open(target.node.name, target.state);
  return await recover(target.node, journal);
}

class Controller implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly ended: Promise<unknown>;
  #output = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = once(child, "exit");
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
  }

  /** Starts it and waits until it works. */
  static async start(target: Target, mode: string): Promise<Controller> {
    const { name, port, cookie } = target.process;
    const script = fileURLToPath(new URL("controller.ts", import.meta.url));
    const args = ["--import", "tsx", script, name, String(port), target.state, mode];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, CONTROLLER_COOKIE: cookie, CONTROLLER_LEASE: String(LEASE) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const controller = new Controller(child);
    await controller.said("running");
    return controller;
  }

  /** Waits until it has written this. */
  async said(text: string): Promise<void> {
    while (!this.#output.includes(text)) {
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.#output}`);
      await pause(10);
    }
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#child.kill(signal);
    if (signal === "SIGKILL") await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      await this.kill("SIGKILL");
  }
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
