/** A resume that waits as long as it takes. */

import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { Guardian, GuardLostError, guardStatus, Journal, recover } from "../../src/guard/index.ts";
import type { BeamNode, Mailbox } from "../../src/node/index.ts";
import { atom, type Pid, Tuple, tuple } from "../../src/term/index.ts";
import { OTPS, Target, until } from "./target.ts";

const LEASE = 1_000;
const CAP = 1_500;
const ENDLESS = { timeout: Number.POSITIVE_INFINITY };

describe.each(OTPS)("a resume without an end on %s", (otp) => {
  let target: Target;
  let pids: Pid[];
  beforeAll(async () => {
    target = await Target.start(otp, 20);
    pids = await target.servers();
  });
  afterEach(async () => {
    await until(async () => (await target.timers()) === 0);
    await target.untilFree(10_000);
  });
  afterAll(() => target[Symbol.asyncDispose]());

  const armed = (node = target.node) =>
    Guardian.arm(node, { stateDirectory: target.state, lease: LEASE, cap: CAP });

  /** Suspends the first server once more, by the runtime: it does not take its resume until it is let go. */
  const stall = () =>
    target.eval(`Self = self(),
      spawn(fun() ->
        {_, Kept} = process_info(whereis(servers), dictionary), {_, [P | _]} = lists:keyfind(pids, 1, Kept),
        erlang:suspend_process(P), register(stall, self()), Self ! ready, receive stop -> ok end
      end),
      receive ready -> ok end`);
  const letGo = () => target.node.send("stall", atom("stop"));

  test("outlives the cap while the lease is renewed", async () => {
    const guardian = await armed();
    await guardian.suspend(pids);
    await stall();
    let done = false;
    const resuming = guardian.resume(undefined, ENDLESS).finally(() => {
      done = true;
    });
    await pause(CAP + 2 * LEASE + 500);
    expect([done, guardian.lost.aborted]).toEqual([false, false]);
    expect(await guardStatus(target.node)).toMatchObject({ phase: "freeze", processes: 1 });
    letGo();
    expect(await resuming).toMatchObject({ resumed: pids, failed: [] });
    // The guardian is as good as new.
    await guardian.suspend(pids);
    expect((await guardian.resume()).resumed).toHaveLength(20);
    expect(await guardian.disarm()).toMatchObject({ why: "asked", resumed: 40, leftSuspended: 0 });
  });

  test("leaves acceptors to the backstop, and a lease to release them", async () => {
    const guardian = await armed();
    const supervisor = await target.whereis("guard_sup");
    await guardian.hold(
      Array.from({ length: 10 }, (_, at) => ({ supervisor, id: tuple(atom("acceptor"), at + 1) })),
    );
    await guardian.suspend(pids.slice(0, 2));
    await guardian.freeze(pids.slice(2, 4));
    await stall();
    const resuming = guardian.resume(undefined, ENDLESS);
    await until(async () => (await target.acceptors()) === 10);
    await pause(LEASE);
    expect(guardian.lost.aborted).toBe(false);
    letGo();
    expect((await resuming).resumed).toHaveLength(4);
    expect(await guardian.release()).toEqual({ released: 10, gone: 0, failed: [] });
    expect(await guardian.disarm()).toMatchObject({ why: "asked", leftSuspended: 0, leftHeld: 0 });
  });

  test("of some only is under the cap, as is one with an end", async () => {
    for (const [some, options] of [
      [pids.slice(0, 1), ENDLESS],
      [undefined, { timeout: 60_000 }],
    ] as const) {
      const guardian = await armed();
      await guardian.suspend(pids);
      await stall();
      const resuming = guardian.resume(some, options);
      await expect(resuming).rejects.toThrow(GuardLostError);
      letGo();
      expect(await guardian.undo()).toMatchObject({ why: "cap", leftSuspended: 0 });
    }
  });

  test("is asked about when its answer is lost", async () => {
    let lost = 0;
    const node = forgetful(target.node, ({ items: [, , answer] }) => {
      const [ok, done] = answer instanceof Tuple ? answer.items : [];
      // The answer of the resume alone counts processes.
      return ok === atom("ok") && done === pids.length && lost++ === 1;
    });
    const guardian = await armed(node);
    await guardian.suspend(pids);
    expect(await guardian.resume(undefined, ENDLESS)).toMatchObject({ resumed: pids, failed: [] });
    expect(lost).toBe(2);
    expect(await guardian.disarm()).toMatchObject({ resumed: 20, leftSuspended: 0 });
  });

  test("ends with the lease", async () => {
    const node = await target.connect();
    const guardian = await armed(node);
    await guardian.suspend(pids);
    await stall();
    const resuming = guardian.resume(undefined, ENDLESS);
    resuming.catch(() => undefined);
    await until(async () => (await guardStatus(target.node))?.processes === 1);
    await node.close();
    await expect(resuming).rejects.toThrow();
    await until(async () => (await guardStatus(target.node))?.phase === "done");
    letGo();
    await guardian.undo();
    await target.untilFree(10_000);
    await using journal = await Journal.open(target.node.name, target.state);
    expect(await recover(target.node, journal)).toMatchObject({ nothingLeft: true });
  });
});

/** A node whose mailboxes lose the messages that this says. */
function forgetful(node: BeamNode, loses: (message: Tuple) => boolean): BeamNode {
  const mailbox = (): Mailbox => {
    const real = node.mailbox();
    return changing(real, {
      async *[Symbol.asyncIterator]() {
        for await (const message of real) {
          if (!(message instanceof Tuple && loses(message))) yield message;
        }
      },
    });
  };
  return changing(node, { mailbox });
}

/** An object with some of its properties changed. */
function changing<T extends object>(object: T, changed: object): T {
  return new Proxy(object, {
    get(given, key) {
      const value: unknown = Reflect.get(key in changed ? changed : given, key, given);
      return typeof value === "function" ? (value.bind(given) as unknown) : value;
    },
  });
}
